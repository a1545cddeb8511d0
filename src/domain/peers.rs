//! The list of peers that JGroups `S3_PING` keeps in a bucket.
//!
//! One object for each coordinator, at `[<prefix>/]<cluster>/<uuid>.<logical name>.list`, holds every member of its
//! cluster, one a line, in no certain order:
//!
//! ```text
//! <logical name> \t<uuid> \t<address>:<port> \tT|F\n
//! ```
//!
//! `T` marks the coordinator. Ran: Keycloak 26.7.3 and 26.7.5, and JGroups 5.5.5 with jgroups-aws 4.0.0, November 2026.
//! JGroups itself reads the four fields by any white space, and `t` as `T`; so does this parser.

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;

/// A member as a list has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peer {
    /// Logical name: host name and a random number, such as `ip-10-0-1-23-49700`.
    pub name: String,
    /// Identity of the node; a restarted node has a new one.
    pub uuid: String,
    pub address: IpAddr,
    pub port: u16,
    /// Whether the writer of the list took it for the coordinator.
    pub coordinator: bool,
}

/// What is wrong with a list, and on which line, counted from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Malformed {
    pub line: usize,
    pub problem: String,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.problem)
    }
}

/// Reads a list.
pub fn parse(body: &[u8]) -> Result<Vec<Peer>, Malformed> {
    let mut peers = Vec::new();
    let mut lines = BTreeMap::new();
    for (at, bytes) in body.split(|byte| *byte == b'\n').enumerate() {
        let line = at + 1;
        let wrong = |problem: String| Malformed { line, problem };
        let text = std::str::from_utf8(bytes).map_err(|_| wrong("it is not UTF-8".to_owned()))?;
        if text.trim().is_empty() {
            continue;
        }
        let peer = peer(text).map_err(wrong)?;
        if let Some(first) = lines.insert(peer.uuid.clone(), line) {
            return Err(wrong(format!("{} is on line {first} already", peer.uuid)));
        }
        peers.push(peer);
    }
    Ok(peers)
}

fn peer(text: &str) -> Result<Peer, String> {
    let fields: Vec<&str> = text.split_whitespace().collect();
    let [name, uuid, place, flag] = fields[..] else {
        return Err(format!(
            "{} fields instead of 4 (name, uuid, address, T or F)",
            fields.len()
        ));
    };
    if !is_uuid(uuid) {
        return Err(format!("{uuid:?} is no uuid"));
    }
    let (address, port) =
        split_address(place).ok_or_else(|| format!("{place:?} is no address with a port"))?;
    let coordinator = match flag {
        "T" | "t" => true,
        "F" | "f" => false,
        _ => return Err(format!("{flag:?} is neither T nor F")),
    };
    Ok(Peer {
        name: name.to_owned(),
        uuid: uuid.to_lowercase(),
        address,
        port,
        coordinator,
    })
}

fn is_uuid(text: &str) -> bool {
    let groups: Vec<&str> = text.split('-').collect();
    groups.iter().map(|group| group.len()).eq([8, 4, 4, 4, 12])
        && groups
            .iter()
            .all(|group| group.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// `address:port`; an IPv6 address may stand in brackets and may have a zone.
fn split_address(text: &str) -> Option<(IpAddr, u16)> {
    let (address, port) = text.rsplit_once(':')?;
    let address = address.trim_start_matches('[').trim_end_matches(']');
    let address = address.split_once('%').map_or(address, |(plain, _)| plain);
    Some((address.parse().ok()?, port.parse().ok()?))
}

/// The folder of a cluster's lists, with a slash at its end. JGroups adds the slash behind the prefix, and reads every
/// object of the folder that is not empty, whatever its name.
pub fn folder(prefix: Option<&str>, cluster: &str) -> String {
    match prefix.map(|prefix| prefix.trim_end_matches('/')) {
        None | Some("") => format!("{cluster}/"),
        Some(prefix) => format!("{prefix}/{cluster}/"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Bytes that Keycloak 26.7.3 wrote.
    const MEASURED: &[u8] =
        b"vm-49700 \tb2014681-b940-48b7-8582-b80d1b6721ea \t127.0.0.2:7800 \tT\n\
        vm-28613 \ta2f5f9eb-1d10-49ae-aed4-632d0095dae3 \t127.0.0.1:7800 \tF\n";

    #[test]
    fn a_list_that_keycloak_wrote_is_read() {
        let peers = parse(MEASURED).unwrap();
        assert_eq!(peers.len(), 2);
        assert_eq!(
            peers[0],
            Peer {
                name: "vm-49700".to_owned(),
                uuid: "b2014681-b940-48b7-8582-b80d1b6721ea".to_owned(),
                address: "127.0.0.2".parse().unwrap(),
                port: 7800,
                coordinator: true,
            }
        );
        assert!(!peers[1].coordinator);
    }

    #[test]
    fn what_jgroups_would_read_is_read() {
        let uuid = "b2014681-b940-48b7-8582-b80d1b6721ea";
        for line in [
            format!("a {uuid} 10.0.0.1:7800 t"),
            format!("a\t{uuid}\t10.0.0.1:7800\tT\r\n"),
            format!(
                "\n\n a \t{} \t[2001:db8::1]:7800 \tT \n",
                uuid.to_uppercase()
            ),
            format!("a {uuid} 2001:db8:0:0:0:0:0:1:7800 T"),
            format!("a {uuid} fe80::1%eth0:7800 T"),
        ] {
            let peers = parse(line.as_bytes()).unwrap();
            assert_eq!(peers.len(), 1, "{line}");
            assert!(peers[0].coordinator && peers[0].port == 7800 && peers[0].uuid == uuid);
        }
        assert_eq!(parse(b""), Ok(Vec::new()));
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line() {
        let good = "vm-1 \tb2014681-b940-48b7-8582-b80d1b6721ea \t10.0.0.1:7800 \tT";
        for (line, problem) in [
            (
                "vm-2 \ta2f5f9eb-1d10-49ae-aed4-632d0095dae3 \t10.0.0.2:7800",
                "3 fields",
            ),
            ("vm-2 \tnot-a-uuid \t10.0.0.2:7800 \tF", "no uuid"),
            (
                "vm-2 \ta2f5f9eb-1d10-49ae-aed4-632d0095dae3 \t10.0.0.2 \tF",
                "no address",
            ),
            (
                "vm-2 \ta2f5f9eb-1d10-49ae-aed4-632d0095dae3 \t10.0.0.256:7800 \tF",
                "no address",
            ),
            (
                "vm-2 \ta2f5f9eb-1d10-49ae-aed4-632d0095dae3 \t10.0.0.2:78000 \tF",
                "no address",
            ),
            (
                "vm-2 \ta2f5f9eb-1d10-49ae-aed4-632d0095dae3 \t10.0.0.2:7800 \tX",
                "neither T nor F",
            ),
            (good, "on line 1 already"),
            ("<html>", "1 fields"),
        ] {
            let error = parse(format!("{good}\n{line}\n").as_bytes()).unwrap_err();
            assert_eq!(error.line, 2, "{line}");
            assert!(error.problem.contains(problem), "{error}");
        }
        assert_eq!(parse(b"\xff\xfe").unwrap_err().line, 1);
    }

    #[test]
    fn a_cluster_has_its_folder() {
        assert_eq!(folder(Some("lab"), "ISPN"), "lab/ISPN/");
        assert_eq!(folder(Some("lab/"), "ISPN"), "lab/ISPN/");
        assert_eq!(folder(Some("a/b"), "ISPN"), "a/b/ISPN/");
        assert_eq!(folder(None, "ISPN"), "ISPN/");
        assert_eq!(folder(Some("/"), "ISPN"), "ISPN/");
    }

    fn a_peer() -> impl Strategy<Value = Peer> {
        (
            "[a-zA-Z0-9.-]{1,20}",
            any::<u128>(),
            any::<IpAddr>(),
            any::<u16>(),
            any::<bool>(),
        )
            .prop_map(|(name, id, address, port, coordinator)| {
                let id = format!("{id:032x}");
                let uuid = [&id[..8], &id[8..12], &id[12..16], &id[16..20], &id[20..]].join("-");
                Peer {
                    name,
                    uuid,
                    address,
                    port,
                    coordinator,
                }
            })
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(peers in prop::collection::vec(a_peer(), 0..6)) {
            let text: String = peers
                .iter()
                .map(|peer| {
                    let flag = if peer.coordinator { "T" } else { "F" };
                    format!("{} \t{} \t{}:{} \t{flag}\n", peer.name, peer.uuid, peer.address, peer.port)
                })
                .collect();
            prop_assert_eq!(parse(text.as_bytes()), Ok(peers));
        }

        #[test]
        fn no_bytes_make_the_parser_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            if let Err(error) = parse(&bytes) {
                prop_assert!(error.line >= 1);
            }
        }
    }
}
