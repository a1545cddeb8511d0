//! Bad input to every binary: exit code 2, one annotation, nothing written.

use keycloak_ecs_actions::actions::catalogue;

use crate::support::Step;

#[test]
fn an_unknown_flag_is_refused_with_one_annotation_and_nothing_written() {
    for spec in catalogue() {
        let step = Step::new();
        let ended = step.run(spec.name, &["--no-such-flag"]);
        assert_eq!(ended.code, 2, "{}: {}", spec.name, ended.log);
        assert_eq!(ended.log.matches("::error ").count(), 1, "{}", ended.log);
        assert!(ended.log.contains("--no-such-flag"), "{}", ended.log);
        assert_eq!((ended.outputs.as_str(), ended.exported.as_str()), ("", ""));
        assert_eq!(ended.stdout, "");
    }
}

#[test]
fn an_unknown_operation_is_refused_by_the_name_of_the_input() {
    for spec in catalogue() {
        if !spec
            .command
            .get_arguments()
            .any(|argument| argument.get_long() == Some("operation"))
        {
            continue;
        }
        let ended = Step::new()
            .env("KECS_OPERATION", "dance")
            .run(spec.name, &[]);
        assert_eq!(ended.code, 2, "{}", ended.log);
        assert!(
            ended.log.contains("input `operation` is \"dance\""),
            "{}",
            ended.log
        );
        assert!(
            ended.summary.contains("input `operation`"),
            "{}",
            ended.summary
        );
    }
}

#[test]
fn help_and_version_go_to_standard_output() {
    for spec in catalogue() {
        let help = Step::new().run(spec.name, &["--help"]);
        assert_eq!(help.code, 0);
        assert!(help.stdout.contains("Examples:"), "{}", help.stdout);
        let version = Step::new().run(spec.name, &["--version"]);
        assert_eq!(
            version.stdout,
            format!("{} {}\n", spec.name, env!("CARGO_PKG_VERSION"))
        );
    }
}

#[test]
fn the_shipped_executable_is_the_action_that_it_is_called_by() {
    let folder = tempfile::tempdir().unwrap();
    let run = |name: &str| {
        let link = folder.path().join(name);
        std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_keycloak-ecs-actions"), &link).unwrap();
        std::process::Command::new(link)
            .arg("--version")
            .env_clear()
            .output()
            .unwrap()
    };
    for spec in catalogue() {
        let told = String::from_utf8(run(spec.name).stdout).unwrap();
        assert_eq!(
            told,
            format!("{} {}\n", spec.name, env!("CARGO_PKG_VERSION"))
        );
    }
    let unknown = run("kc");
    assert_eq!(unknown.status.code(), Some(2));
    let said = String::from_utf8(unknown.stderr).unwrap();
    assert!(said.contains("aws-login"), "{said}");
}

#[test]
fn a_shortened_clock_is_refused_away_from_loopback() {
    let ended = Step::new()
        .env("KECS_TIME_SCALE", "60")
        .run("aws-login", &[]);
    assert_eq!(ended.code, 2);
    assert!(ended.log.contains("KECS_TIME_SCALE"), "{}", ended.log);
}

#[test]
fn a_login_without_the_permission_names_the_lines_to_add() {
    let ended = Step::new()
        .env(
            "KECS_ROLE_TO_ASSUME",
            "arn:aws:iam::123456789012:role/deploy",
        )
        .env("KECS_AWS_REGION", "eu-central-1")
        .run("aws-login", &[]);
    assert_eq!(ended.code, 2, "{}", ended.log);
    assert!(ended.log.contains("id-token: write"), "{}", ended.log);
    assert_eq!(ended.exported, "");
}
