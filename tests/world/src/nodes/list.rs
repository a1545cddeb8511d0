//! The list of peers, byte for byte.

use super::model::Node;

/// `[<prefix>/]ISPN/`.
pub(super) fn folder(prefix: Option<&str>) -> String {
    match prefix {
        None | Some("" | "/") => "ISPN/".to_owned(),
        Some(prefix) if prefix.ends_with('/') => format!("{prefix}ISPN/"),
        Some(prefix) => format!("{prefix}/ISPN/"),
    }
}

/// `<folder><uuid>.<logical name>.list`.
pub(super) fn key(folder: &str, coordinator: &Node) -> String {
    format!("{folder}{}.{}.list", coordinator.uuid, coordinator.name)
}

/// The coordinator is the first member. There is a blank before each tab.
pub(super) fn text(members: &[Node]) -> String {
    members
        .iter()
        .enumerate()
        .map(|(at, node)| {
            let flag = if at == 0 { "T" } else { "F" };
            format!(
                "{} \t{} \t{}:7800 \t{flag}\n",
                node.name, node.uuid, node.announced
            )
        })
        .collect()
}

/// The uuids in a list, read as JGroups reads it: the second word of each line.
pub(super) fn uuids(body: &[u8]) -> Vec<String> {
    String::from_utf8_lossy(body)
        .lines()
        .filter_map(|line| Some(line.split_whitespace().nth(1)?.to_owned()))
        .collect()
}
