//! Registries outside of AWS: Distribution, which is not ours, open and with each way of logging in.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use serde_json::json;

use crate::support::images::{LABEL, Yard, inspect, result, write_auth};
use crate::support::{Step, python, repository};

const USER: &str = "ada";
const PASSWORD: &str = "open sesame";
/// The password above, as htpasswd writes it (bcrypt).
const HASH: &str = "$2b$04$0tLmvuIFRcNLO913xUitbuWQfEVSwKnC2wt9AyWLorSB9Ol4cf53u";

/// A process that is ended when it is dropped.
struct Server {
    child: Child,
    /// Host and port.
    address: String,
}

impl Drop for Server {
    fn drop(&mut self) {
        let ended = self.child.kill().and_then(|()| self.child.wait());
        drop(ended);
    }
}

/// Distribution, with what its configuration says of authentication.
fn distribution(yard: &Yard, auth: &str) -> Server {
    let root = yard.path("registry");
    yard.write(
        "registry.yml",
        &format!(
            "version: 0.1\nstorage:\n  filesystem:\n    rootdirectory: {}\nhttp:\n  addr: 127.0.0.1:0\n{auth}",
            root.display()
        ),
    );
    let mut child = Command::new("docker-registry")
        .arg("serve")
        .arg(yard.path("registry.yml"))
        .stderr(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .expect("docker-registry; run `tests/tools/setup.sh image`");
    let mut lines = BufReader::new(child.stderr.take().unwrap())
        .lines()
        .map_while(Result::ok);
    let address = lines
        .by_ref()
        .find_map(|line| {
            let (_, rest) = line.split_once("listening on ")?;
            Some(rest.split(['"', ' ']).next()?.to_owned())
        })
        .expect("the registry listens");
    // Its log is read on, so that it never waits for a reader.
    std::thread::spawn(move || lines.for_each(drop));
    Server { child, address }
}

/// A step of somebody without AWS.
fn step(yard: &Yard, registry: &Server) -> Step {
    yard.bare()
        .env("KECS_REGISTRY", &registry.address)
        .env("KECS_REPOSITORY", "team/keycloak")
}

/// Builds, finds the image again without a builder, and lets skopeo look.
fn publishes(yard: &Yard, registry: &Server, step: &dyn Fn() -> Step) {
    let first = result(&step().run(
        "build-image",
        &["--tag=1.0.0", "--alias=1.0.0-kc26.7.5", "--json"],
    ));
    assert_eq!(first["reused"], false);
    let again = step()
        .env("PATH", yard.path("bin").to_str().unwrap())
        .run("build-image", &["--tag=1.0.0", "--json"]);
    let again = result(&again);
    assert_eq!(
        (&again["reused"], &again["digest"]),
        (&json!(true), &first["digest"])
    );
    let auth = write_auth(&yard.path("skopeo.json"), &registry.address, USER, PASSWORD);
    let seen = inspect(
        &format!("{}/team/keycloak:1.0.0-kc26.7.5", registry.address),
        &auth,
    );
    assert_eq!(seen["Digest"], first["digest"]);
    assert_eq!(seen["Labels"][LABEL], first["input-digest"]);
}

#[test]
fn an_open_registry_needs_neither_aws_nor_a_login() {
    let yard = Yard::new();
    let registry = distribution(&yard, "");
    publishes(&yard, &registry, &|| step(&yard, &registry));
    yard.write("docker/themes/acme/theme.properties", "parent=base\n");
    let ended = step(&yard, &registry).run("build-image", &["--tag=1.0.0"]);
    assert_eq!(ended.code, 2, "{}", ended.log);
    assert!(
        ended.log.contains("1.0.1 is the next free version"),
        "{}",
        ended.log
    );
}

/// Distribution that wants a name and a password.
fn with_password(yard: &Yard) -> Server {
    yard.write("htpasswd", &format!("{USER}:{HASH}\n"));
    let path = yard.path("htpasswd");
    distribution(
        yard,
        &format!(
            "auth:\n  htpasswd:\n    realm: team\n    path: {}\n",
            path.display()
        ),
    )
}

#[test]
fn what_docker_login_wrote_is_found_and_used_by_the_builder_too() {
    let yard = Yard::new();
    let registry = with_password(&yard);
    let ended = step(&yard, &registry).run("build-image", &["--tag=1.0.0"]);
    assert_eq!(ended.code, 6, "{}", ended.log);
    assert!(ended.log.contains("Log in to 127.0.0.1:"), "{}", ended.log);
    write_auth(
        &yard.path("home/.docker/config.json"),
        &registry.address,
        USER,
        PASSWORD,
    );
    publishes(&yard, &registry, &|| step(&yard, &registry));
    write_auth(
        &yard.path("elsewhere/config.json"),
        &registry.address,
        USER,
        "wrong",
    );
    let elsewhere = yard.path("elsewhere");
    let ended = step(&yard, &registry)
        .env("DOCKER_CONFIG", elsewhere.to_str().unwrap())
        .run("build-image", &["--tag=1.1.0"]);
    assert_eq!(ended.code, 6, "the variable comes first: {}", ended.log);
    let told = "that is there was refused: its password is wrong";
    assert!(ended.log.contains(told), "{}", ended.log);
}

#[test]
fn a_credential_helper_is_asked() {
    let yard = Yard::new();
    let registry = with_password(&yard);
    let answer = json!({"ServerURL": registry.address, "Username": USER, "Secret": PASSWORD});
    yard.program(
        "docker-credential-acme",
        &format!(
            "read -r host\n[[ $1 == get && $host == {} ]] || exit 1\nprintf '%s' '{answer}'",
            registry.address
        ),
    );
    let config = json!({"credHelpers": {registry.address.clone(): "acme"}});
    yard.write("home/.docker/config.json", &config.to_string());
    publishes(&yard, &registry, &|| step(&yard, &registry));
}

#[test]
fn a_registry_may_want_tokens_from_another_server() {
    let yard = Yard::new();
    let certificate = yard.path("tokens.pem");
    let mut child = Command::new(python())
        .arg(repository().join("tests/foreign/token_server.py"))
        .arg(&certificate)
        .args([USER, PASSWORD])
        .stdout(Stdio::piped())
        .spawn()
        .expect("Python; run `tests/tools/setup.sh python`");
    let mut address = String::new();
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut address)
        .unwrap();
    let tokens = Server {
        child,
        address: address.trim().to_owned(),
    };
    let registry = distribution(
        &yard,
        &format!(
            "auth:\n  token:\n    realm: {}/token\n    service: team\n    issuer: tokens\n    rootcertbundle: {}\n",
            tokens.address,
            certificate.display()
        ),
    );
    let ended = step(&yard, &registry).run("build-image", &["--tag=1.0.0"]);
    assert_eq!(ended.code, 6, "{}", ended.log);
    assert!(
        ended.log.contains("wrong name or password"),
        "{}",
        ended.log
    );
    write_auth(
        &yard.path("home/.docker/config.json"),
        &registry.address,
        USER,
        PASSWORD,
    );
    publishes(&yard, &registry, &|| step(&yard, &registry));
}
