//! The image itself: built from the real Keycloak and the real jars, pushed, pulled by its digest, started on a real
//! PostgreSQL, with its list of peers in the stand-in for S3. Root is needed, and `tests/tools/setup.sh image full`.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::images::{Yard, result};
use crate::support::{cache, repository};

/// Longest time from the start to `/health/ready`: the first start makes the tables.
const PATIENCE: Duration = Duration::from_secs(300);

/// A process, ended with what it started when it is dropped.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let group = format!("-{}", self.0.id());
        let asked = Command::new("kill").args(["--", &group]).status();
        let ended = asked.and_then(|_| self.0.wait());
        drop(ended);
    }
}

/// A container of buildah's, gone when it is dropped.
struct Container {
    name: String,
    storage: PathBuf,
}

impl Container {
    fn buildah(&self, arguments: &[&str]) -> Command {
        buildah(&self.storage, arguments)
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        let removed = self.buildah(&["rm", &self.name]).output();
        drop(removed);
    }
}

fn buildah(storage: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new("buildah");
    command
        .args(arguments)
        .env("CONTAINERS_STORAGE_CONF", storage)
        .env("BUILDAH_ISOLATION", "chroot");
    command
}

fn spawn(command: &mut Command, log: &Path) -> Running {
    use std::os::unix::process::CommandExt as _;
    let log = std::fs::File::create(log).unwrap();
    let errors = log.try_clone().unwrap();
    Running(
        command
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(log)
            .stderr(errors)
            .spawn()
            .expect("it starts"),
    )
}

fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

#[track_caller]
fn run(command: &mut Command) -> String {
    let output = command.output().expect("the program starts");
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{command:?}: {told}");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// A program of PostgreSQL's, which Debian keeps out of `PATH`.
fn postgres(program: &str) -> PathBuf {
    let folders = std::fs::read_dir("/usr/lib/postgresql").map(|folders| {
        let found = folders.flatten().map(|folder| folder.path());
        found.map(|folder| folder.join("bin").join(program)).max()
    });
    let found = folders.ok().flatten().filter(|path| path.is_file());
    found.unwrap_or_else(|| panic!("no {program}; run `tests/tools/setup.sh full`"))
}

/// A PostgreSQL with an empty database, its folder, and its port.
fn database(yard: &Yard) -> ((Running, tempfile::TempDir), u16) {
    let port = free_port();
    let home = tempfile::Builder::new()
        .prefix("postgres")
        .tempdir()
        .unwrap();
    run(Command::new("chown").arg("postgres").arg(home.path()));
    let data = home.path().join("data");
    let as_postgres = |program: &str| {
        let mut command = Command::new("setpriv");
        command
            .args(["--reuid=postgres", "--regid=postgres", "--clear-groups"])
            .arg(postgres(program))
            .current_dir(home.path());
        command
    };
    run(as_postgres("initdb")
        .args(["--auth=trust", "--username=keycloak", "--pgdata"])
        .arg(&data));
    let server = spawn(
        as_postgres("postgres")
            .arg("-D")
            .arg(&data)
            .args(["-c", "listen_addresses=127.0.0.1", "-c", "fsync=off", "-p"])
            .arg(port.to_string())
            .arg("-k")
            .arg(home.path()),
        &yard.path("postgres.log"),
    );
    let began = Instant::now();
    let ready = || {
        Command::new(postgres("pg_isready"))
            .args(["--host=127.0.0.1", "--port", &port.to_string()])
            .output()
            .is_ok_and(|output| output.status.success())
    };
    while !ready() {
        let log = std::fs::read_to_string(yard.path("postgres.log")).unwrap();
        assert!(began.elapsed() < PATIENCE, "{log}");
        std::thread::sleep(Duration::from_millis(100));
    }
    ((server, home), port)
}

/// `docker/` with the jars that its lock lists; the digest of these.
fn context(yard: &Yard) -> String {
    run(Command::new("cp")
        .arg("-RT")
        .arg(repository().join("docker"))
        .arg(yard.path("docker")));
    let step = yard
        .bare()
        .env("GITHUB_ACTIONS", "")
        .env("KECS_CONTEXT", "")
        .env("RUNNER_TEMP", cache().to_str().unwrap());
    let jars = ["--manifest", "--lock", "--providers-dir"]
        .iter()
        .zip(["providers.yml", "providers.lock", "providers"])
        .map(|(flag, name)| format!("{flag}={}", yard.path("docker").join(name).display()));
    let mut arguments: Vec<String> = jars.collect();
    arguments.push("--operation=fetch".to_owned());
    arguments.push("--json".to_owned());
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let fetched = result(&step.run("verify-providers", &arguments));
    fetched["providers-digest"].as_str().unwrap().to_owned()
}

#[test]
#[ignore = "builds the real image and starts it: `make test-full`"]
fn the_image_that_was_pushed_starts_and_is_ready() {
    let yard = Yard::new();
    let world = &yard.account.world;
    // The base image is in the storage that the rehearsal uses.
    let storage = cache().join("containers/storage.conf");
    let base = repository().join("tests/tools/base-image.sh");
    run(Command::new(base).arg("--pull-first"));
    let providers = context(&yard);
    let step = yard
        .step()
        .env("CONTAINERS_STORAGE_CONF", storage.to_str().unwrap())
        .env("BUILDAH_ISOLATION", "chroot")
        .env("KECS_TAG", "1.0.0");
    let pushed = result(&step.run("build-image", &["--json"]));
    let digest = pushed["digest"].as_str().unwrap();
    let labels = &yard.skopeo("keycloak:1.0.0")["Labels"];
    assert_eq!(
        labels["io.github.keycloak-ecs-actions.providers-digest"],
        providers.as_str()
    );

    assert_eq!(
        pushed["build-options"],
        "--db=postgres --health-enabled=true --metrics-enabled=true"
    );
    let said = pushed["update-metadata"].as_str().unwrap();
    assert!(
        said.contains(r#""keycloak":{"version":"26.7.5"}"#) && said.contains(r#""configFile":"#),
        "{said}"
    );
    // A theme's change lets nodes roll; another cache does not. Keycloak itself says so.
    yard.write(
        "docker/themes/other/login/theme.properties",
        "parent=keycloak.v2\n",
    );
    let next = result(&step.run("build-image", &["--json", "--tag=1.0.1"]));
    assert_eq!(next["update"], "rolling", "{next}");
    let cache_file = yard.path("docker/cache-ispn-s3.xml");
    let cache_text = std::fs::read_to_string(&cache_file).unwrap();
    std::fs::write(&cache_file, format!("{cache_text}<!-- another -->\n")).unwrap();
    let next = result(&step.run("build-image", &["--json", "--tag=1.1.0"]));
    assert_eq!(next["update"], "recreate", "{next}");
    assert_eq!(next["update-from"], "1.0.1");
    let reason = next["update-reason"].as_str().unwrap();
    assert!(
        reason.contains("'cacheEmbedded.configFile' is incompatible"),
        "{reason}"
    );

    let image = format!("docker://{}/keycloak@{digest}", yard.host());
    let auth = yard.auth_file();
    let pulled = run(buildah(
        &storage,
        &["pull", "--quiet", "--policy=always", "--tls-verify=false"],
    )
    .arg("--authfile")
    .arg(auth)
    .arg(image));
    let container = Container {
        name: run(&mut buildah(&storage, &["from", &pulled])),
        storage: storage.clone(),
    };
    let root = run(&mut container.buildah(&["mount", &container.name]));
    let in_the_image = yard
        .bare()
        .env("KECS_CONTEXT", "")
        .env("RUNNER_TEMP", cache().to_str().unwrap())
        .env(
            "KECS_MANIFEST",
            yard.path("docker/providers.yml").to_str().unwrap(),
        )
        .env(
            "KECS_LOCK",
            yard.path("docker/providers.lock").to_str().unwrap(),
        )
        .env(
            "KECS_PROVIDERS_DIR",
            &format!("{root}/opt/keycloak/providers"),
        )
        .env("KECS_KEYCLOAK_HOME", &format!("{root}/opt/keycloak"))
        .run("verify-providers", &["--json"]);
    assert_eq!(
        result(&in_the_image)["providers-digest"],
        providers.as_str()
    );

    let (server, port) = database(&yard);
    world.s3.create_bucket("peers");
    let rights = json!({"Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]});
    world.iam.put_role("task", json!({}), rights);
    let session = world
        .iam
        .session("task", "node", world.clock.unix() + 3600.0);
    let (http, management, jgroups) = (free_port(), free_port(), free_port());
    let environment = [
        (
            "KC_DB_URL",
            format!("jdbc:postgresql://127.0.0.1:{port}/postgres"),
        ),
        ("KC_DB_USERNAME", "keycloak".to_owned()),
        ("KC_DB_PASSWORD", "none".to_owned()),
        ("KC_HOSTNAME", "https://login.example.org".to_owned()),
        ("KC_HTTP_ENABLED", "true".to_owned()),
        ("KC_HTTP_PORT", http.to_string()),
        ("KC_HTTP_MANAGEMENT_PORT", management.to_string()),
        ("KC_CACHE_CONFIG_FILE", "cache-ispn-s3.xml".to_owned()),
        (
            "KC_CACHE_EMBEDDED_NETWORK_BIND_ADDRESS",
            "127.0.0.1".to_owned(),
        ),
        ("KC_CACHE_EMBEDDED_NETWORK_BIND_PORT", jgroups.to_string()),
        ("JGROUPS_AWS_S3_ENDPOINT", world.urls.aws.clone()),
        (
            "JGROUPS_AWS_S3_PATH_STYLE_ACCESS_ENABLED",
            "true".to_owned(),
        ),
        ("JGROUPS_AWS_S3_REGION_NAME", "eu-central-1".to_owned()),
        ("JGROUPS_AWS_S3_BUCKET_NAME", "peers".to_owned()),
        ("JGROUPS_AWS_S3_BUCKET_PREFIX", "lab".to_owned()),
        ("AWS_ACCESS_KEY_ID", session.access_key.clone()),
        ("AWS_SECRET_ACCESS_KEY", session.secret.clone()),
        ("AWS_SESSION_TOKEN", session.token.clone()),
    ];
    let mut start = container.buildah(&["run", "--user=1000"]);
    for (name, value) in environment {
        start.arg(format!("--env={name}={value}"));
    }
    start.args([
        &container.name,
        "--",
        "/opt/keycloak/bin/kc.sh",
        "start",
        "--optimized",
    ]);
    let log = yard.path("keycloak.log");
    let keycloak = spawn(&mut start, &log);
    let ready = format!("http://127.0.0.1:{management}/health/ready");
    let began = Instant::now();
    let status = || {
        let client = keycloak_ecs_actions::http::client().unwrap();
        let answer = yard.account.wait(async { client.get(&ready).send().await });
        answer.map_or(0, |answer| answer.status().as_u16())
    };
    while status() != 200 {
        let told = std::fs::read_to_string(&log).unwrap();
        assert!(began.elapsed() < PATIENCE, "{told}");
        assert!(!told.contains("ERROR: Failed to start"), "{told}");
        std::thread::sleep(Duration::from_millis(500));
    }
    let lists = world.s3.list("peers", "lab/");
    let told = std::fs::read_to_string(&log).unwrap();
    assert_eq!(lists.len(), 1, "{told}");
    drop((keycloak, server));
}
