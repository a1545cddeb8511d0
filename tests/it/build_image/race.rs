//! Two runs at once.

use crate::support::images::{Yard, result, which};

#[test]
fn of_two_pushes_at_once_the_slower_one_sees_that_the_tag_is_taken() {
    let yard = Yard::new();
    let buildah = which("buildah");
    yard.write("other/Dockerfile", "FROM scratch\nLABEL other=yes\n");
    let host = yard.host();
    let other = format!(
        "if [[ $1 == push && ! -e \"$HOME/once\" ]]; then mkdir -p \"$HOME\"; touch \"$HOME/once\"\n\
         {buildah} build --quiet --tag localhost/other {}\n\
         {buildah} push --tls-verify=false localhost/other docker://{host}/keycloak:1.0.0\nfi\nexec {buildah} \"$@\"",
        yard.path("other").display()
    );
    yard.program("buildah", &other);
    let ended = yard.step().run("build-image", &["--tag=1.0.0"]);
    assert_eq!(ended.code, 2, "{}", ended.log);
    assert!(
        ended.log.contains("it was not made by build-image"),
        "{}",
        ended.log
    );
    assert_eq!(yard.skopeo("keycloak:1.0.0")["Labels"]["other"], "yes");
}

#[test]
fn of_two_runs_of_the_same_input_the_slower_one_takes_the_image_of_the_faster() {
    let yard = Yard::new();
    let buildah = which("buildah");
    let host = yard.host();
    // The faster run: the same image with one layer more, so that its digest differs.
    let faster = format!(
        "if [[ $1 == push ]]; then\nimage=\"${{@: -2:1}}\"\nmade=$({buildah} from \"$image\")\n\
         {buildah} config --env FASTER=1 \"$made\"\n{buildah} commit --quiet \"$made\" localhost/faster\n\
         {buildah} push --tls-verify=false localhost/faster docker://{host}/keycloak:1.0.0\nfi\nexec {buildah} \"$@\""
    );
    yard.program("buildah", &faster);
    let ended = yard.step().run("build-image", &["--tag=1.0.0", "--json"]);
    let told = result(&ended);
    assert_eq!(told["reused"], true, "{}", ended.log);
    assert_eq!(
        told["digest"],
        yard.account
            .world
            .ecr
            .image("keycloak", "1.0.0")
            .unwrap()
            .digest
    );
}

#[test]
fn a_mutable_tag_that_somebody_else_moves_at_once_is_noticed() {
    let yard = Yard::new();
    yard.account.world.ecr.create_repository("mutable", false);
    let buildah = which("buildah");
    yard.write("other/Dockerfile", "FROM scratch\nLABEL other=yes\n");
    let host = yard.host();
    let other = format!(
        "{buildah} \"$@\" || exit $?\nif [[ $1 == push ]]; then\n\
         {buildah} build --quiet --tag localhost/other {}\n\
         {buildah} push --tls-verify=false localhost/other docker://{host}/mutable:1.0.0\nfi",
        yard.path("other").display()
    );
    yard.program("buildah", &other);
    let ended = yard
        .step()
        .run("build-image", &["--tag=1.0.0", "--repository=mutable"]);
    assert_eq!(ended.code, 3, "{}", ended.log);
    assert!(
        ended.log.contains("the registry serves another image"),
        "{}",
        ended.log
    );
}

#[test]
fn where_tags_move_a_run_that_is_late_takes_none_away() {
    let yard = Yard::new();
    yard.account.world.ecr.create_repository("moving", false);
    let buildah = which("buildah");
    yard.write("other/Dockerfile", "FROM scratch\nLABEL other=yes\n");
    let host = yard.host();
    // Somebody pushes while this run builds.
    let other = format!(
        "if [[ $1 == build && ! -e \"$HOME/once\" ]]; then mkdir -p \"$HOME\"; touch \"$HOME/once\"\n\
         {buildah} build --quiet --tag localhost/other {}\n\
         {buildah} push --tls-verify=false localhost/other docker://{host}/moving:1.0.0\nfi\nexec {buildah} \"$@\"",
        yard.path("other").display()
    );
    yard.program("buildah", &other);
    let step = yard.step().env("KECS_REPOSITORY", "moving");
    let ended = step.run("build-image", &["--tag=1.0.0"]);
    assert_eq!(ended.code, 2, "{}", ended.log);
    assert_eq!(yard.skopeo("moving:1.0.0")["Labels"]["other"], "yes");
}

#[test]
fn an_alias_that_somebody_takes_during_the_push_does_not_move() {
    for (repository, immutable) in [("moving", false), ("fixed", true)] {
        let yard = Yard::new();
        let ecr = &yard.account.world.ecr;
        ecr.create_repository(repository, immutable);
        let buildah = which("buildah");
        yard.write("other/Dockerfile", "FROM scratch\nLABEL other=yes\n");
        let host = yard.host();
        let other = format!(
            "{buildah} \"$@\" || exit $?\nif [[ $1 == push ]]; then\n\
             {buildah} build --quiet --tag localhost/other {}\n\
             {buildah} push --tls-verify=false localhost/other docker://{host}/{repository}:mine\nfi",
            yard.path("other").display()
        );
        yard.program("buildah", &other);
        let step = yard.step().env("KECS_REPOSITORY", repository);
        let ended = step.run("build-image", &["--tag=1.0.0", "--alias=mine"]);
        assert_eq!(ended.code, 3, "{}", ended.log);
        let told = "1.0.0 is pushed, but its alias mine was given to another image meanwhile";
        assert!(ended.log.contains(told), "{}", ended.log);
        let other = &yard.skopeo(&format!("{repository}:mine"))["Labels"]["other"];
        assert_eq!(other, "yes");
        assert!(ecr.image(repository, "1.0.0").is_some());
    }
}
