//! The login to a registry.

use serde_json::json;

use super::{Account, exported, job, permit, step};

#[test]
fn a_registry_login_is_a_file_of_this_job_and_goes_with_the_logout() {
    use base64::Engine as _;
    use std::os::unix::fs::PermissionsExt as _;

    let account = Account::new();
    permit(&account, "ecr:GetAuthorizationToken");
    let step = step(&account, job(Some("production")));
    let ended = step.run("aws-login", &["--ecr-login"]);
    assert_eq!(ended.code, 0, "{}", ended.log);
    let registry = account.world.urls.registry.trim_start_matches("http://");
    assert!(ended.outputs.contains(registry), "{}", ended.outputs);
    let folder = exported(&ended, "DOCKER_CONFIG");
    let file = std::path::Path::new(&folder).join("config.json");
    assert_eq!(
        std::fs::metadata(&file).unwrap().permissions().mode() & 0o777,
        0o600
    );
    let config: serde_json::Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    let auth = config["auths"][registry]["auth"].as_str().unwrap();
    let plain = base64::engine::general_purpose::STANDARD
        .decode(auth)
        .unwrap();
    let plain = String::from_utf8(plain).unwrap();
    let password = plain.strip_prefix("AWS:").unwrap();
    assert!(account.world.ecr.knows_password(password));
    let told = ended
        .log
        .lines()
        .filter(|line| !line.starts_with("::add-mask::"))
        .collect::<String>();
    assert!(!told.contains(auth) && !told.contains(password));
    assert!(ended.log.contains(&format!("::add-mask::{password}")));

    std::fs::write(step.folder.path().join("env"), "").unwrap();
    // Of the two variables one was set anew since.
    let step = step
        .env("DOCKER_CONFIG", &folder)
        .env("REGISTRY_AUTH_FILE", "/home/ada/auth.json");
    let ended = step.run("aws-login", &["--operation=logout"]);
    assert_eq!(ended.code, 0, "{}", ended.log);
    assert!(
        ended.log.contains("registry login removed"),
        "{}",
        ended.log
    );
    assert!(!file.exists());
    assert!(ended.exported.contains("DOCKER_CONFIG<<"));
    assert!(
        !ended.exported.contains("REGISTRY_AUTH_FILE"),
        "somebody else's"
    );
    let ended = step.run("aws-login", &["--operation=logout"]);
    assert!(ended.log.contains("no registry login"), "{}", ended.log);
}

#[test]
fn a_role_without_the_right_to_ecr_is_told_which() {
    let account = Account::new();
    let ended = step(&account, job(Some("production"))).run("aws-login", &["--ecr-login"]);
    assert_eq!(ended.code, 6, "{}", ended.log);
    assert!(
        ended.log.contains("ecr:GetAuthorizationToken"),
        "{}",
        ended.log
    );
    assert_eq!(ended.exported, "", "nothing is half-done");
    let ended = step(&account, job(Some("production")))
        .env("AWS_ENDPOINT_URL_ECR", "http://127.0.0.1:9")
        .run("aws-login", &["--ecr-login"]);
    assert_eq!(ended.code, 6, "{}", ended.log);
    assert!(ended.log.contains("AWS_ENDPOINT_URL"), "{}", ended.log);
    let permission = ended.log.contains("ecr:GetAuthorizationToken");
    assert!(!permission, "a fault of the network: {}", ended.log);
}

#[test]
fn what_the_user_has_configured_goes_on_to_work() {
    let account = Account::new();
    permit(&account, "ecr:GetAuthorizationToken");
    let registry = account
        .world
        .urls
        .registry
        .trim_start_matches("http://")
        .to_owned();
    let step = step(&account, job(Some("production")));
    let home = step.folder.path().join("home");
    std::fs::create_dir_all(home.join(".docker/cli-plugins")).unwrap();
    std::fs::write(home.join(".docker/ca.pem"), "x").unwrap();
    std::fs::create_dir_all(home.join(".docker/contexts")).unwrap();
    let podmans = home.join("auth.json");
    let kept = home.join(".config/containers");
    std::fs::create_dir_all(&kept).unwrap();
    std::fs::write(
        kept.join("auth.json"),
        r#"{"auths": {"gcr.io": {"auth": "eg=="}}}"#,
    )
    .unwrap();
    let theirs = json!({"auths": {"quay.io": {"auth": "eQ=="}}});
    std::fs::write(&podmans, theirs.to_string()).unwrap();
    let users = json!({
        "auths": {"ghcr.io": {"auth": "eA=="}},
        "credsStore": "desktop",
        "proxies": {"default": {"httpProxy": "http://proxy"}},
    });
    let file = home.join(".docker/config.json");
    std::fs::write(&file, users.to_string()).unwrap();
    let step = step
        .env("HOME", home.to_str().unwrap())
        .env("REGISTRY_AUTH_FILE", podmans.to_str().unwrap());
    let ended = step.run("aws-login", &["--ecr-login"]);
    assert_eq!(ended.code, 0, "{}", ended.log);
    let folder = exported(&ended, "DOCKER_CONFIG");
    let written = std::path::Path::new(&folder).join("config.json");
    let config: serde_json::Value =
        serde_json::from_slice(&std::fs::read(&written).unwrap()).unwrap();
    assert_eq!(config["auths"]["ghcr.io"]["auth"], "eA==");
    assert!(config["auths"][&registry]["auth"].is_string());
    assert_eq!(config["proxies"]["default"]["httpProxy"], "http://proxy");
    assert_eq!(config["auths"]["quay.io"]["auth"], "eQ==");
    // The user's store goes on to answer, but not for ECR.
    assert_eq!(config["credsStore"], "desktop");
    assert_eq!(config["credHelpers"][&registry], "");
    for name in ["cli-plugins", "contexts", "ca.pem"] {
        assert!(std::path::Path::new(&folder).join(name).exists(), "{name}");
    }
    let auth = exported(&ended, "REGISTRY_AUTH_FILE");
    let others: serde_json::Value = serde_json::from_slice(&std::fs::read(&auth).unwrap()).unwrap();
    assert_eq!(others["auths"]["quay.io"]["auth"], "eQ==");
    assert_eq!(others["auths"]["gcr.io"]["auth"], "eg==");
    assert_eq!(others["credHelpers"], json!({}));
    assert!(exported(&ended, "BUILDX_CONFIG").ends_with("home/.docker/buildx"));
    assert_eq!(
        std::fs::read_to_string(&file).unwrap(),
        users.to_string(),
        "the user's own file stays"
    );
    let builders = exported(&ended, "BUILDX_CONFIG");
    std::fs::write(step.folder.path().join("env"), "").unwrap();
    let step = step
        .env("DOCKER_CONFIG", &folder)
        .env("REGISTRY_AUTH_FILE", &auth)
        .env("BUILDX_CONFIG", &builders);
    let ended = step.run("aws-login", &["--operation=logout"]);
    assert_eq!(ended.code, 0, "{}", ended.log);
    assert_eq!(exported(&ended, "DOCKER_CONFIG"), "");
    assert_eq!(
        exported(&ended, "REGISTRY_AUTH_FILE"),
        podmans.to_str().unwrap()
    );
    assert_eq!(exported(&ended, "BUILDX_CONFIG"), "");
    assert!(!std::path::Path::new(&folder).exists());
    assert!(home.join(".docker/contexts").is_dir(), "the user's stays");
}

#[test]
fn a_credential_helper_for_the_registry_goes_on_to_answer() {
    let account = Account::new();
    permit(&account, "ecr:GetAuthorizationToken");
    let registry = account
        .world
        .urls
        .registry
        .trim_start_matches("http://")
        .to_owned();
    let step = step(&account, job(Some("production")));
    let users = step.folder.path().join("docker");
    std::fs::create_dir_all(&users).unwrap();
    let config = json!({"credHelpers": {&registry: "ecr-login"}});
    std::fs::write(users.join("config.json"), config.to_string()).unwrap();
    let step = step.env("DOCKER_CONFIG", users.to_str().unwrap());
    let ended = step.run("aws-login", &["--ecr-login"]);
    assert_eq!(ended.code, 0, "{}", ended.log);
    assert!(ended.log.contains("credential helper"), "{}", ended.log);
    let written = std::path::Path::new(&exported(&ended, "DOCKER_CONFIG")).join("config.json");
    let config: serde_json::Value =
        serde_json::from_slice(&std::fs::read(&written).unwrap()).unwrap();
    assert!(config["auths"].get(&registry).is_none(), "{config}");
    assert_eq!(config["credHelpers"][&registry], "ecr-login");
}

#[test]
fn the_public_registry_needs_two_permissions_and_says_which() {
    let account = Account::new();
    permit(&account, "ecr-public:GetAuthorizationToken");
    let step = step(&account, job(Some("production"))).env("KECS_REGISTRY_TYPE", "public");
    let ended = step.run("aws-login", &["--ecr-login"]);
    assert_eq!(ended.code, 6, "{}", ended.log);
    assert!(
        ended.log.contains("sts:GetServiceBearerToken"),
        "{}",
        ended.log
    );
    permit(&account, "*");
    let ended = step.run("aws-login", &["--ecr-login"]);
    assert_eq!(ended.code, 0, "{}", ended.log);
    assert!(
        ended.outputs.contains("public.ecr.aws"),
        "{}",
        ended.outputs
    );
}

#[test]
fn a_real_client_reads_the_login() {
    let account = Account::new();
    permit(&account, "ecr:*");
    account.world.ecr.create_repository("keycloak", true);
    let registry = account
        .world
        .urls
        .registry
        .trim_start_matches("http://")
        .to_owned();
    let step = step(&account, job(Some("production")));
    let ended = step.run("aws-login", &["--ecr-login"]);
    assert_eq!(ended.code, 0, "{}", ended.log);
    let list = |auth: &str| {
        std::process::Command::new("skopeo")
            .args([
                "list-tags",
                "--tls-verify=false",
                &format!("docker://{registry}/keycloak"),
            ])
            .env("REGISTRY_AUTH_FILE", auth)
            .output()
            .expect("skopeo starts: run tests/tools/setup.sh image")
    };
    let with = list(&exported(&ended, "REGISTRY_AUTH_FILE"));
    assert!(
        with.status.success(),
        "{}",
        String::from_utf8_lossy(&with.stderr)
    );
    assert!(
        !list("/dev/null").status.success(),
        "without the login the registry refuses"
    );
}

#[test]
fn a_second_login_keeps_what_other_clients_wrote_in_between() {
    let account = Account::new();
    permit(&account, "ecr:*");
    let step = step(&account, job(Some("production")));
    let ended = step.run("aws-login", &["--ecr-login"]);
    let auth = exported(&ended, "REGISTRY_AUTH_FILE");
    let mut content: serde_json::Value =
        serde_json::from_slice(&std::fs::read(&auth).unwrap()).unwrap();
    // As skopeo login does: the file that REGISTRY_AUTH_FILE names, and no other.
    content["auths"]["r.example"] = json!({"auth": "dTpw"});
    std::fs::write(&auth, content.to_string()).unwrap();
    let step = step.env("REGISTRY_AUTH_FILE", &auth);
    let ended = step.run("aws-login", &["--ecr-login"]);
    assert_eq!(ended.code, 0, "{}", ended.log);
    for file in [auth.clone(), auth.replace("auth.json", "config.json")] {
        let text = std::fs::read_to_string(&file).unwrap();
        assert!(text.contains("r.example"), "{file}: {text}");
    }
}

#[test]
#[ignore = "runs Docker's own client: make test-full"]
fn docker_sees_the_contexts_of_the_user() {
    let account = Account::new();
    permit(&account, "ecr:GetAuthorizationToken");
    let step = step(&account, job(Some("production")));
    let users = step.folder.path().join("docker");
    let docker = |folder: &str, arguments: &[&str]| {
        let output = std::process::Command::new("docker")
            .args(arguments)
            .env("DOCKER_CONFIG", folder)
            .output()
            .expect("docker starts: run tests/tools/setup.sh full");
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let users = users.to_str().unwrap();
    let host = ["--docker", "host=tcp://192.0.2.1:2375"];
    docker(
        users,
        &[&["context", "create", "remote"], &host[..]].concat(),
    );
    docker(users, &["context", "use", "remote"]);
    let step = step.env("DOCKER_CONFIG", users);
    let ended = step.run("aws-login", &["--ecr-login"]);
    assert_eq!(ended.code, 0, "{}", ended.log);
    let folder = exported(&ended, "DOCKER_CONFIG");
    let shown = docker(&folder, &["context", "inspect"]);
    assert!(shown.contains("tcp://192.0.2.1:2375"), "{shown}");
}

#[test]
fn a_logout_gives_back_what_was_there_before() {
    let account = Account::new();
    permit(&account, "ecr:GetAuthorizationToken");
    let mut step = step(&account, job(Some("production")));
    let users = step.folder.path().join("docker");
    std::fs::create_dir_all(users.join("contexts/meta")).unwrap();
    step = step
        .env("DOCKER_CONFIG", users.to_str().unwrap())
        .env("REGISTRY_AUTH_FILE", "/home/ada/auth.json");
    let names = ["DOCKER_CONFIG", "REGISTRY_AUTH_FILE", "BUILDX_CONFIG"];
    // The second login of a job does not take the first one's files for the user's.
    for _ in 0..2 {
        let ended = step.run("aws-login", &["--ecr-login"]);
        assert_eq!(ended.code, 0, "{}", ended.log);
        for name in names {
            step = step.env(name, &exported(&ended, name));
        }
    }
    std::fs::write(step.folder.path().join("env"), "").unwrap();
    let ended = step.run("aws-login", &["--operation", "logout"]);
    assert_eq!(ended.code, 0, "{}", ended.log);
    let before = names.map(|name| exported(&ended, name));
    assert_eq!(before, [users.to_str().unwrap(), "/home/ada/auth.json", ""]);
    assert!(ended.exported.contains("BUILDX_CONFIG<<"));
    assert!(users.join("contexts/meta").is_dir(), "the link alone goes");
}
