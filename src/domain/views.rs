//! What a node logs about its cluster: Infinispan's messages about views.
//!
//! ```text
//! ISPN000094: Received new cluster view for channel ISPN: [A|1] (2) [A, B]
//! ISPN000093: Received new, MERGED cluster view for channel ISPN: MergeView::[B|5] (2) [B, A], 2 subgroups: …
//! ```
//!
//! `A` is the coordinator, `1` counts the views, `(2)` the members. Ran: Keycloak 26.7.3 with Infinispan 16.0.14,
//! November 2026. With Keycloak's JSON log the message is part of a JSON object, unchanged.

/// Views and refusals, as a filter pattern of CloudWatch Logs: any of these terms.
pub const FILTER: &str =
    r#"?ISPN000094 ?ISPN000093 ?"member list from AWS S3" ?"member list in AWS S3""#;
const CODES: [&str; 2] = ["ISPN000094:", "ISPN000093:"];

/// A view of the cluster: who is in it, and who coordinates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct View {
    pub coordinator: String,
    /// Counts the views of one coordinator; a later view has a higher number.
    pub number: u64,
    /// Number of members.
    pub size: usize,
}

impl View {
    /// As JGroups writes it: `[A|1] (2)`.
    pub fn text(&self) -> String {
        format!("[{}|{}] ({})", self.coordinator, self.number, self.size)
    }
}

/// Whether a line says that S3 refused the list of peers, or did not answer: `S3_PING` then goes on without it.
///
/// Read in jgroups-aws 4.0.0: `Failed getting member list from AWS S3 for cluster '…'` and
/// `Failed to update member list in AWS S3 in '…'`.
pub fn is_refusal(line: &str) -> bool {
    line.contains("Failed getting member list from AWS S3")
        || line.contains("Failed to update member list in AWS S3")
}

/// The view that a line of the log announces for this cluster (the channel, `ISPN` by default).
pub fn parse(line: &str, cluster: &str) -> Option<View> {
    let message = CODES
        .iter()
        .find_map(|code| Some(line.split_once(code)?.1))?;
    let view = message
        .split_once(" for channel ")?
        .1
        .strip_prefix(cluster)?
        .strip_prefix(": ")?;
    let view = view.strip_prefix("MergeView::").unwrap_or(view);
    let (id, rest) = view.strip_prefix('[')?.split_once("] (")?;
    let (coordinator, number) = id.rsplit_once('|')?;
    let (size, _members) = rest.split_once(") [")?;
    Some(View {
        coordinator: coordinator.to_owned(),
        number: number.parse().ok()?,
        size: size.parse().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(coordinator: &str, number: u64, size: usize) -> Option<View> {
        Some(View {
            coordinator: coordinator.to_owned(),
            number,
            size,
        })
    }

    #[test]
    fn plain_merged_and_json_lines_are_read() {
        let plain = "2026-11-23 10:00:01,123 INFO  [org.infinispan.CLUSTER] (jgroups-8) ISPN000094: Received new cluster \
                     view for channel ISPN: [vm-49700|1] (2) [vm-49700, vm-28613]";
        assert_eq!(parse(plain, "ISPN"), view("vm-49700", 1, 2));
        let merged = "ISPN000093: Received new, MERGED cluster view for channel ISPN: MergeView::[b|5] (2) [b, a], 2 \
                      subgroups: [a|3] (1) [a], [b|4] (1) [b]";
        assert_eq!(parse(merged, "ISPN"), view("b", 5, 2));
        let json = r#"{"level":"INFO","message":"ISPN000094: Received new cluster view for channel ISPN: [a|0] (1) [a]"}"#;
        assert_eq!(parse(json, "ISPN"), view("a", 0, 1));
    }

    #[test]
    fn other_lines_and_other_clusters_are_no_evidence() {
        for line in [
            "",
            "ISPN000094: Received new cluster view for channel other: [a|0] (1) [a]",
            "ISPN000094: Received new cluster view for channel ISPN2: [a|0] (1) [a]",
            "ISPN000094: Received new cluster view for channel ISPN: [a] (1) [a]",
            "ISPN000094: Received new cluster view for channel ISPN: [a|0] (many) [a]",
            "ISPN000079: Channel `ISPN` local address is `a`, physical addresses are `[10.0.0.1:7800]`",
        ] {
            assert_eq!(parse(line, "ISPN"), None, "{line}");
            assert!(!is_refusal(line));
        }
    }

    #[test]
    fn a_refusal_is_told_from_other_failures() {
        assert!(is_refusal(
            "ERROR [org.jgroups.protocols.aws.S3_PING] Failed getting member list from AWS S3 for cluster 'ISPN/'."
        ));
        assert!(is_refusal(
            "Failed to update member list in AWS S3 in 'lab/ISPN/x.list'."
        ));
        assert!(!is_refusal("Failed to update member list in the database"));
    }
}
