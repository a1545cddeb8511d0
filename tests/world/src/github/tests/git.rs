//! The real git client.

use super::client::{REPOSITORY, Scene, git};
use crate::github::{Access, RepositoryOptions};

#[tokio::test]
async fn git_clones_and_pushes() {
    let scene = Scene::new(RepositoryOptions::default()).await;
    let folder = scene.folder.path();
    let remote = scene.remote(&scene.person, REPOSITORY);
    git(folder, &["clone", "-q", &remote, "clone"])
        .await
        .expect("a clone");
    let clone = folder.join("clone");
    std::fs::write(clone.join("new.txt"), "new\n").expect("a file");
    git(&clone, &["add", "."]).await.expect("an index");
    git(&clone, &["commit", "-qm", "New"])
        .await
        .expect("a commit");
    git(&clone, &["tag", "-am", "One", "v1"])
        .await
        .expect("a tag");
    git(&clone, &["push", "-q", "origin", "main", "v1"])
        .await
        .expect("a push");
    let sha = git(&clone, &["rev-parse", "HEAD"]).await.expect("a commit");
    assert_eq!(scene.tip("main").await, sha);
    let tag = scene.get(&scene.person, "/git/ref/tags/v1").await;
    assert_eq!(tag.text("/object/type"), "tag");
    let tag = scene
        .get(
            &scene.person,
            &format!("/git/tags/{}", tag.text("/object/sha")),
        )
        .await;
    assert_eq!(
        (tag.text("/message"), tag.text("/object/sha")),
        ("One".to_owned(), sha)
    );
    // A large push comes in chunks.
    let noise: Vec<u8> = (0..3_000_000_u32)
        .map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8)
        .collect();
    std::fs::write(clone.join("noise"), noise).expect("a file");
    git(&clone, &["add", "."]).await.expect("an index");
    git(&clone, &["commit", "-qm", "Noise"])
        .await
        .expect("a commit");
    git(&clone, &["push", "-q"]).await.expect("a push");
}

#[tokio::test]
async fn git_is_refused_as_on_github() {
    let scene = Scene::new(RepositoryOptions::default()).await;
    let folder = scene.folder.path();
    let github = &scene.world.github;
    let reader = scene.job_token(&[("contents", Access::Read)]);
    let outsider = github.outsider_token("eve");
    for (token, expected) in [
        (
            reader.as_str(),
            "Permission to acme/idp.git denied to github-actions[bot]",
        ),
        (
            outsider.as_str(),
            "Permission to acme/idp.git denied to eve",
        ),
        ("ghp_wrong", "Authentication failed"),
    ] {
        let remote = scene.remote(token, REPOSITORY);
        let clone = format!("clone-{}", expected.len());
        let open = format!("{}/{REPOSITORY}.git", scene.world.urls.github);
        git(folder, &["clone", "-q", &open, &clone])
            .await
            .expect("a public clone");
        let pushed = git(&folder.join(&clone), &["push", &remote, "main:other"]).await;
        let told = pushed.expect_err("a refusal");
        assert!(told.contains(expected), "{told}");
    }
    let missing = format!("{}/acme/none.git", scene.world.urls.github);
    let told = git(folder, &["clone", "-q", &missing, "x"])
        .await
        .expect_err("a refusal");
    assert!(told.contains("could not read Username"), "{told}");
}

#[tokio::test]
async fn a_push_moves_pull_requests() {
    let scene = Scene::new(RepositoryOptions::default()).await;
    let made = scene.propose(&scene.person, "topic", "a.txt").await;
    assert_eq!(made.status, 201, "{made:?}");
    let folder = scene.folder.path();
    let remote = scene.remote(&scene.person, REPOSITORY);
    git(folder, &["clone", "-q", "-b", "topic", &remote, "clone"])
        .await
        .expect("a clone");
    let clone = folder.join("clone");
    git(&clone, &["commit", "-q", "--allow-empty", "-m", "More"])
        .await
        .expect("a commit");
    git(&clone, &["push", "-q"]).await.expect("a push");
    let pull = scene.get(&scene.person, "/pulls/1").await;
    let sha = git(&clone, &["rev-parse", "HEAD"]).await.expect("a commit");
    assert_eq!(pull.text("/head/sha"), sha);
    // GitHub takes a push of the head to the base for a merge.
    git(&clone, &["push", "-q", "origin", "topic:main"])
        .await
        .expect("a push");
    let pull = scene.get(&scene.person, "/pulls/1").await;
    assert_eq!(pull.body["merged"], true, "{pull:?}");
}
