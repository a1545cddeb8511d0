//! Docker's builders: a daemon, the plugin buildx, BuildKit on its own. They are big, so these tests are not part of every
//! run: `make test-full` gets the programs and runs them. Root is needed.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::images::{LABEL, Yard, result, which};
use crate::support::{Step, cache};

/// Longest time that a daemon may take to answer.
const PATIENCE: Duration = Duration::from_secs(60);

/// A daemon, asked to end when it is dropped, so that it ends what it started.
struct Daemon(Child);

impl Drop for Daemon {
    fn drop(&mut self) {
        let asked = Command::new("kill").arg(self.0.id().to_string()).status();
        let ended = asked.and_then(|_| self.0.wait());
        drop(ended);
    }
}

fn programs() -> String {
    let engine = cache().join("docker/engine/usr");
    let own = std::env::var("PATH").unwrap();
    format!("{0}/bin:{0}/sbin:{own}", engine.display())
}

fn start(yard: &Yard, program: PathBuf, arguments: &[String], ready: &[&str]) -> Daemon {
    let log = std::fs::File::create(yard.path("daemon.log")).unwrap();
    let child = Command::new(&program)
        .args(arguments)
        .env("PATH", programs())
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
        .unwrap_or_else(|error| {
            panic!(
                "{}: {error}; run `tests/tools/setup.sh full`",
                program.display()
            )
        });
    let daemon = Daemon(child);
    let began = Instant::now();
    while !Command::new(ready[0])
        .args(&ready[1..])
        .env("PATH", programs())
        .output()
        .is_ok_and(|output| output.status.success())
    {
        let log = std::fs::read_to_string(yard.path("daemon.log")).unwrap();
        assert!(began.elapsed() < PATIENCE, "{}: {log}", program.display());
        std::thread::yield_now();
    }
    daemon
}

/// A daemon that leaves the network of the machine alone.
fn dockerd(yard: &Yard) -> (Daemon, String) {
    let folder = yard.path("dockerd");
    std::fs::create_dir(&folder).unwrap();
    let host = format!("unix://{}/docker.sock", folder.display());
    let arguments = [
        format!("--data-root={}/data", folder.display()),
        format!("--exec-root={}/exec", folder.display()),
        format!("--pidfile={}/pid", folder.display()),
        format!("--host={host}"),
        "--iptables=false".to_owned(),
        "--bridge=none".to_owned(),
    ];
    let program = cache().join("docker/engine/usr/sbin/dockerd");
    let ready = ["docker", "--host", &host, "version"];
    (start(yard, program, &arguments, &ready), host)
}

/// A BuildKit of the user's, selected in buildx under the name `mine`.
struct BuildKit {
    _daemon: Daemon,
}

impl BuildKit {
    fn start(yard: &Yard) -> Self {
        let socket = yard.path("buildkitd.sock");
        let address = format!("unix://{}", socket.display());
        yard.write(
            "buildkitd.toml",
            &format!("[registry.\"{}\"]\nhttp = true\n", yard.host()),
        );
        let arguments = [
            format!("--addr={address}"),
            format!("--root={}", yard.path("buildkit").display()),
            format!("--config={}", yard.path("buildkitd.toml").display()),
            "--containerd-worker=false".to_owned(),
            "--oci-worker-net=host".to_owned(),
        ];
        let ready = ["test", "-S", socket.to_str().unwrap()];
        let daemon = start(yard, cache().join("bin/buildkitd"), &arguments, &ready);
        // The builder is made by the user, beside the plugin.
        drop(with_plugin(yard, Step::new()));
        let home = yard.path("home/.docker");
        // buildx remembers the selected builder by the address of the daemon: here the default one, which need not be there.
        if !home.join("buildx/instances/mine").exists() {
            let driver = "--driver=remote";
            docker(
                yard,
                &["buildx", "create", "--use", "--name=mine", driver, &address],
            );
        }
        Self { _daemon: daemon }
    }
}

/// Docker's client as the user has it; what it wrote.
#[track_caller]
fn docker(yard: &Yard, arguments: &[&str]) -> String {
    let output = Command::new("docker")
        .args(arguments)
        .env("PATH", programs())
        .env("HOME", yard.path("home"))
        .env("DOCKER_CONFIG", yard.path("home/.docker"))
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {told}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn step(yard: &Yard, host: &str, builder: &str) -> Step {
    yard.step()
        .env("PATH", &programs())
        .env("DOCKER_HOST", host)
        .env("KECS_BUILDER", builder)
}

/// Puts the plugin where a user has it, while another folder holds the logins, as aws-login leaves it.
fn with_plugin(yard: &Yard, step: Step) -> Step {
    let plugins = yard.path("home/.docker/cli-plugins");
    std::fs::create_dir_all(&plugins).unwrap();
    let link = plugins.join("docker-buildx");
    if !link.exists() {
        std::os::unix::fs::symlink(cache().join("bin/buildx"), link).unwrap();
    }
    let logins = yard.path("logins");
    std::fs::create_dir_all(&logins).unwrap();
    step.env("DOCKER_CONFIG", logins.to_str().unwrap())
}

/// The registry has what the step told, and a second step finds it.
fn is_there(yard: &Yard, told: &Value, tag: &str) {
    let seen = yard.skopeo(&format!("keycloak:{tag}"));
    assert_eq!(
        (&told["digest"], &told["input-digest"]),
        (&seen["Digest"], &seen["Labels"][LABEL])
    );
    let again = result(
        &yard
            .without_builder()
            .run("build-image", &["--tag", tag, "--json"]),
    );
    assert_eq!(
        (&again["reused"], &again["digest"]),
        (&json!(true), &told["digest"])
    );
}

#[test]
#[ignore = "starts a Docker daemon: make test-full"]
fn docker_alone_builds_and_pushes() {
    let yard = Yard::new();
    let (_daemon, host) = dockerd(&yard);
    let ended = step(&yard, &host, "auto").run("build-image", &["--tag=1.0.0", "--json"]);
    let told = result(&ended);
    assert!(
        ended.log.contains("::group::Build ") && ended.log.contains(" with docker\n"),
        "{}",
        ended.log
    );
    is_there(&yard, &told, "1.0.0");
    // The login of another program: what `docker login` leaves behind is found, and the daemon uses it.
    let auth = yard.auth_file();
    let config: Value = serde_json::from_slice(&std::fs::read(auth).unwrap()).unwrap();
    yard.write("home/.docker/config.json", &config.to_string());
    yard.write("docker/themes/acme/theme.properties", "parent=base\n");
    let step = step(&yard, &host, "docker")
        .env("KECS_REGISTRY", yard.host())
        .env("AWS_ACCESS_KEY_ID", "");
    assert_eq!(
        result(&step.run("build-image", &["--tag=1.1.0", "--json"]))["reused"],
        false
    );
}

#[test]
#[ignore = "starts a Docker daemon: make test-full"]
fn buildx_is_preferred_and_found_beside_the_users_own_configuration() {
    let yard = Yard::new();
    let (_daemon, host) = dockerd(&yard);
    let run =
        |flags: &[&str]| with_plugin(&yard, step(&yard, &host, "auto")).run("build-image", flags);
    let ended = run(&["--tag=1.0.0", "--json"]);
    let told = result(&ended);
    assert!(ended.log.contains(" with docker buildx\n"), "{}", ended.log);
    is_there(&yard, &told, "1.0.0");
    let ended = run(&["--push=false"]);
    assert_eq!(ended.code, 0, "{}", ended.log);
    let there = Command::new("docker")
        .args([
            "--host",
            &host,
            "image",
            "inspect",
            "localhost/keycloak:local",
        ])
        .env("PATH", programs())
        .output();
    assert!(there.unwrap().status.success(), "the image can be used");
    yard.write(
        "docker/Dockerfile",
        "ARG KEYCLOAK_VERSION=26.7.5\nFROM scratch\nCOPY missing.xml /conf/\n",
    );
    let ended = run(&["--tag=1.1.0"]);
    assert_eq!(ended.code, 6, "{}", ended.log);
    assert!(
        ended.log.contains("docker/Dockerfile,line=3,"),
        "{}",
        ended.log
    );
}

#[test]
#[ignore = "starts BuildKit: make test-full"]
fn a_builder_of_the_users_builds_two_platforms_at_once_and_keeps_layers_in_the_registry() {
    let yard = Yard::new();
    yard.account.world.ecr.create_repository("cache", false);
    let daemon = BuildKit::start(&yard);
    let step = || with_plugin(&yard, step(&yard, "", "auto"));
    let flags = [
        "--platforms=linux/amd64,linux/arm64",
        "--cache-repository=cache",
        "--json",
    ];
    let run = |tag: &str| step().run("build-image", &[&[tag][..], &flags].concat());
    let told = result(&run("--tag=1.0.0"));
    let index = yard.manifest("keycloak:1.0.0");
    let platforms: Vec<&Value> = index["manifests"]
        .as_array()
        .unwrap()
        .iter()
        .map(|child| &child["platform"])
        .collect();
    assert_eq!(platforms.len(), 2, "two images and no provenance: {index}");
    is_there(&yard, &told, "1.0.0");
    assert!(!yard.account.world.ecr.tags("cache").is_empty());
    drop(daemon);
    // Another machine: nothing is left but the cache in the registry.
    std::fs::remove_dir_all(yard.path("buildkit")).unwrap();
    std::fs::remove_file(yard.path("buildkitd.sock")).unwrap_or_default();
    let _daemon = BuildKit::start(&yard);
    let ended = run("--tag=1.0.1");
    assert_eq!(ended.code, 0, "{}", ended.log);
    assert!(ended.log.contains("CACHED"), "{}", ended.log);
}

#[test]
#[ignore = "starts BuildKit: make test-full"]
fn images_of_build_push_action_stay_what_they_are_beside_ours() {
    let yard = Yard::new();
    let _daemon = BuildKit::start(&yard);
    // Login and build as docker/login-action and docker/build-push-action run them (README of v6, November 2026).
    let auth = std::fs::read_to_string(yard.auth_file()).unwrap();
    yard.write("home/.docker/config.json", &auth);
    let name = |tag: &str| format!("{}/keycloak:{tag}", yard.host());
    let theirs = name("1.0.0");
    let (context, metadata) = (yard.path("docker"), yard.path("metadata.json"));
    let action = [
        "buildx",
        "build",
        "--metadata-file",
        metadata.to_str().unwrap(),
        "--provenance=mode=max",
        "--tag",
        &theirs,
        "--push",
        context.to_str().unwrap(),
    ];
    docker(&yard, &action);
    let index = yard.manifest("keycloak:1.0.0");
    assert_eq!(index["manifests"].as_array().unwrap().len(), 2, "{index}");
    // Ours does not take its tag, and builds the next one with the same builder and the same login.
    let run = |tag: &str| {
        let step = with_plugin(&yard, step(&yard, "", "auto"))
            .env("DOCKER_CONFIG", yard.path("home/.docker").to_str().unwrap())
            .env("KECS_REGISTRY", yard.host())
            .env("AWS_ACCESS_KEY_ID", "");
        step.run("build-image", &[tag, "--json"])
    };
    let taken = run("--tag=1.0.0");
    assert_eq!(taken.code, 2, "{}", taken.log);
    for told in [
        "it was not made by build-image",
        "1.0.1 is the next free version",
    ] {
        assert!(taken.log.contains(told), "{}", taken.log);
    }
    let told = result(&run("--tag=1.0.1"));
    is_there(&yard, &told, "1.0.1");
    assert_eq!(yard.manifest("keycloak:1.0.0"), index);
    // And theirs goes on behind ours.
    let inspected = docker(&yard, &["buildx", "imagetools", "inspect", &name("1.0.1")]);
    assert!(
        inspected.contains(told["digest"].as_str().unwrap()),
        "{inspected}"
    );
    let theirs = name("1.0.2");
    docker(
        &yard,
        &[&action[..6], &[&theirs[..]], &action[7..]].concat(),
    );
    assert_eq!(
        yard.account.world.ecr.tags("keycloak"),
        ["1.0.0", "1.0.1", "1.0.2"]
    );
}

#[test]
#[ignore = "starts BuildKit: make test-full"]
fn where_tags_move_buildx_takes_none_that_somebody_got_during_the_build() {
    let yard = Yard::new();
    yard.account.world.ecr.create_repository("moving", false);
    let _daemon = BuildKit::start(&yard);
    let auth = std::fs::read_to_string(yard.auth_file()).unwrap();
    yard.write("home/.docker/config.json", &auth);
    yard.write("other/Dockerfile", "FROM scratch\nLABEL other=yes\n");
    let real = which("docker");
    yard.program(
        "docker",
        &format!(
            "{real} \"$@\" || exit $?\nif [[ \"$*\" == *type=image* ]]; then\n\
             export DOCKER_CONFIG={}\n\
             {real} buildx build --provenance=false --tag {}/moving:1.0.0 --push {}\nfi",
            yard.path("home/.docker").display(),
            yard.host(),
            yard.path("other").display()
        ),
    );
    let path = format!("{}:{}", yard.path("bin").display(), programs());
    let step = with_plugin(&yard, step(&yard, "", "auto"))
        .env("PATH", &path)
        .env("KECS_REPOSITORY", "moving");
    let ended = step.run("build-image", &["--tag=1.0.0"]);
    assert_eq!(ended.code, 2, "{}", ended.log);
    let told = "it was not made by build-image";
    assert!(ended.log.contains(told), "{}", ended.log);
    assert_eq!(yard.skopeo("moving:1.0.0")["Labels"]["other"], "yes");
}
