//! What of the build context counts, compared with what a real builder copies.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use keycloak_ecs_actions::image_context::ImageContext;

use crate::support::images::{Yard, result};

/// The files that buildah copies from the context.
fn copied(yard: &Yard) -> BTreeSet<String> {
    let layout = yard.path("layout");
    let buildah = |arguments: &[&str]| {
        let output = Command::new("buildah")
            .args(arguments)
            .env("CONTAINERS_STORAGE_CONF", yard.path("storage.conf"))
            .output()
            .expect("buildah is installed");
        assert!(output.status.success(), "{output:?}");
    };
    let context = yard.path("docker");
    let context = context.to_str().unwrap();
    buildah(&["bud", "--isolation=chroot", "--tag=x", context]);
    let place = format!("oci:{}:x", layout.display());
    buildah(&["push", "--quiet", "x", &place]);
    let mut files = BTreeSet::new();
    for blob in std::fs::read_dir(layout.join("blobs/sha256")).unwrap() {
        files.extend(listed(&blob.unwrap().path()));
    }
    std::fs::remove_dir_all(&layout).unwrap();
    files
}

/// The files of a layer; none of what is no layer.
fn listed(blob: &Path) -> Vec<String> {
    let output = Command::new("tar").arg("-tzf").arg(blob).output().unwrap();
    let names = String::from_utf8_lossy(&output.stdout).into_owned();
    let files = names
        .lines()
        .filter(|name| !name.ends_with('/') && *name != "run");
    files.map(str::to_owned).collect()
}

#[test]
fn what_the_builder_leaves_out_does_not_count() {
    let yard = Yard::new();
    yard.write(
        "docker/Dockerfile",
        "ARG KEYCLOAK_VERSION=26.7.5\nFROM scratch\nCOPY . /\n",
    );
    for file in [
        "conf/a.conf",
        "conf/b.xml",
        "themes/x/theme.properties",
        "themes/x/node_modules/m/index.js",
        "themes/y/notes.txt",
        "themes/y/deep/er/notes.txt",
        "target/out",
        "target/keep/out",
        "a1.cfg",
        "b2.cfg",
        "ab.cfg",
    ] {
        yard.write(&format!("docker/{file}"), "text\n");
    }
    let docker = yard.path("docker");
    for rules in [
        "",
        "target\n",
        "/target/\n!target/keep\n",
        "**/node_modules\n",
        "**/*.txt\n!themes/y/deep\n",
        "*\n!Dockerfile\n!conf/*.conf\n!themes/x/theme.properties\n",
        "[ab][0-9].cfg\n",
        "?b.cfg\nthemes/**/notes.txt\n",
        "*/*.xml\n# themes\n  target  \n",
    ] {
        yard.write("docker/.dockerignore", rules);
        let counted: BTreeSet<String> = ImageContext::read(docker.to_str().unwrap(), "Dockerfile")
            .unwrap()
            .files
            .into_iter()
            .map(|file| file.path)
            .collect();
        // These two count whether or not they are copied.
        let always = ["Dockerfile", ".dockerignore"];
        let but_always = |files: BTreeSet<String>| -> BTreeSet<String> {
            files
                .into_iter()
                .filter(|file| !always.contains(&file.as_str()))
                .collect()
        };
        assert_eq!(but_always(counted), but_always(copied(&yard)), "{rules:?}");
    }
}

#[test]
fn a_repository_that_is_the_context_keeps_its_digest_over_commits() {
    let yard = Yard::new();
    let digest = || {
        let ended = yard
            .bare()
            .env("KECS_PUSH", "false")
            .run("build-image", &["--json"]);
        result(&ended)["input-digest"].as_str().unwrap().to_owned()
    };
    let before = digest();
    yard.write("docker/.git/HEAD", "ref: refs/heads/main\n");
    assert_eq!(digest(), before);
    yard.write("docker/.git/HEAD", "ref: refs/heads/other\n");
    assert_eq!(digest(), before);
}
