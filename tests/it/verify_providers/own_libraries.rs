//! Keycloak's own libraries, as they come in its distribution: whatever links in Keycloak must link for us.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::support::{Step, cache, repository};

/// The version that the shipped Dockerfile pins.
fn pinned() -> String {
    let dockerfile = std::fs::read_to_string(repository().join("docker/Dockerfile")).unwrap();
    let line = dockerfile
        .lines()
        .find_map(|line| line.strip_prefix("ARG KEYCLOAK_VERSION="));
    line.unwrap().to_owned()
}

/// The distribution from Maven Central, kept in the cache.
fn distribution(version: &str) -> PathBuf {
    let folder = cache().join("base-image");
    let zip = folder.join(format!("keycloak-quarkus-dist-{version}.zip"));
    if !zip.exists() {
        let output = Command::new("mvn")
            .args(["--batch-mode", "--quiet"])
            .arg("org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy")
            .arg(format!(
                "-Dartifact=org.keycloak:keycloak-quarkus-dist:{version}:zip"
            ))
            .arg(format!("-DoutputDirectory={}", folder.display()))
            .output()
            .expect("Maven is installed");
        assert!(
            output.status.success(),
            "Maven could not fetch Keycloak {version}: is Maven Central within reach? {}",
            String::from_utf8_lossy(&output.stdout)
        );
    }
    zip
}

fn jars(folder: &Path) -> Vec<PathBuf> {
    let files = std::fs::read_dir(folder).unwrap();
    let mut jars: Vec<PathBuf> = files.map(|file| file.unwrap().path()).collect();
    jars.sort();
    jars
}

#[test]
#[ignore = "downloads Keycloak and links 346 jars: make test-full"]
fn keycloaks_own_libraries_have_no_linkage_error() {
    let version = pinned();
    let folder = tempfile::tempdir().unwrap();
    let unpacked = Command::new("unzip")
        .arg("-q")
        .arg(distribution(&version))
        .arg("*/lib/lib/main/*")
        .arg("-d")
        .arg(folder.path())
        .status()
        .expect("unzip is installed");
    assert!(unpacked.success());
    let own = format!("keycloak-{version}/lib/lib/main");
    let all = jars(&folder.path().join(own));
    assert!(all.len() > 300, "{}", all.len());
    let action = repository().join("actions/verify-providers");
    // A folder of all of them would be more code than is looked at.
    for some in all.chunks(60) {
        let step = Step::new().env("GITHUB_ACTION_PATH", action.to_str().unwrap());
        let providers = step.folder.path().join("providers");
        std::fs::create_dir(&providers).unwrap();
        for jar in some {
            std::fs::copy(jar, providers.join(jar.file_name().unwrap())).unwrap();
        }
        let flags = [
            "--json",
            "--providers-dir=providers",
            &format!("--keycloak-version={version}"),
        ];
        let ended = step.run("verify-providers", &flags);
        let told: Value = serde_json::from_str(&ended.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}", ended.log));
        let found = told["found"].as_array().unwrap();
        let shadows = |one: &&Value| one["check"] == "shadows-keycloak";
        assert!(found.iter().filter(shadows).count() >= some.len() / 2);
        let wrong: Vec<&Value> = found
            .iter()
            .filter(|one| one["check"] == "linkage" && one["severity"] == "error")
            .collect();
        assert!(wrong.is_empty(), "{wrong:#?}");
    }
}
