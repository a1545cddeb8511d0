//! The patterns of the Renovate preset on the files that we ship. Renovate's own engine (RE2) is not at hand; Python's
//! understands the same patterns.

use std::process::Command;

use crate::support::{python, repository};

const FIND: &str = r#"
import json, re, sys
preset = json.load(open("renovate/default.json"))
def matches(text, path):
    found = []
    for manager in preset["customManagers"]:
        if not any(re.search(pattern.strip("/"), path) for pattern in manager["managerFilePatterns"]):
            continue
        for pattern in manager["matchStrings"]:
            for match in re.finditer(re.sub(r"\(\?<(?=\w)", "(?P<", pattern), text):
                named = match.groupdict()
                found.append((named.get("depName") or manager["depNameTemplate"]) + " " + named["currentValue"]
                    + (" " + named["currentDigest"] if named.get("currentDigest") else ""))
    return found
for path in sys.argv[1:]:
    print("\n".join(matches(open(path).read(), path)))
"#;

#[test]
fn the_preset_finds_keycloak_and_every_jar() {
    let output = Command::new(python())
        .args(["-c", FIND, "docker/Dockerfile", "docker/providers.yml"])
        .current_dir(repository())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let found = String::from_utf8(output.stdout).unwrap();
    let manifest = std::fs::read_to_string(repository().join("docker/providers.yml")).unwrap();
    let dockerfile = std::fs::read_to_string(repository().join("docker/Dockerfile")).unwrap();
    let mut wanted: Vec<String> = dockerfile
        .lines()
        .filter_map(|line| line.strip_prefix("ARG KEYCLOAK_VERSION="))
        .map(|version| format!("quay.io/keycloak/keycloak {version}"))
        .collect();
    wanted.extend(
        manifest
            .lines()
            .filter_map(|line| line.strip_prefix("  - "))
            .filter(|entry| !entry.contains(' '))
            .map(|entry| {
                let (module, version) = entry.rsplit_once(':').unwrap();
                format!("{module} {version}")
            }),
    );
    assert!(wanted.len() > 20, "{wanted:?}");
    assert_eq!(found.lines().collect::<Vec<_>>(), wanted);
    let folder = tempfile::tempdir().unwrap();
    let pinned = folder.path().join("Dockerfile");
    let digest = format!("sha256:{}", "0".repeat(64));
    std::fs::write(&pinned, format!("ARG KEYCLOAK_VERSION=26.7.5@{digest}\n")).unwrap();
    let output = Command::new(python())
        .args(["-c", FIND, pinned.to_str().unwrap()])
        .current_dir(repository())
        .output()
        .unwrap();
    let found = String::from_utf8(output.stdout).unwrap();
    assert_eq!(
        found,
        format!("quay.io/keycloak/keycloak 26.7.5 {digest}\n")
    );
}
