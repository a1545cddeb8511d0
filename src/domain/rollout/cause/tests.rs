use super::*;

fn task(
    stop_code: &str,
    reason: &str,
    containers: &[(&str, Option<i32>, Option<&str>)],
) -> StoppedTask {
    StoppedTask {
        id: "t1".to_owned(),
        stop_code: stop_code.to_owned(),
        reason: reason.to_owned(),
        containers: containers
            .iter()
            .map(|(name, exit_code, reason)| TaskContainer {
                name: (*name).to_owned(),
                image: "registry/keycloak:1.2.3".to_owned(),
                exit_code: *exit_code,
                reason: reason.map(str::to_owned),
            })
            .collect(),
        ..StoppedTask::default()
    }
}

fn weight(stop_code: &str, reason: &str) -> Weight {
    classify(&task(stop_code, reason, &[]), &[]).weight
}

#[test]
fn what_can_never_start_is_fatal_and_what_passes_is_not() {
    let start = "TaskFailedToStart";
    for (reason, wanted) in [
        (
            "CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref r/k:9: r/k:9: not found",
            Weight::Fatal,
        ),
        (
            "CannotPullContainerError: denied: User: arn:aws:sts::1:assumed-role/exec/x is not authorized to perform: ecr:BatchGetImage",
            Weight::Fatal,
        ),
        (
            "CannotPullContainerError: ref pull has been retried 5 time(s): dial tcp 1.2.3.4:443: i/o timeout",
            Weight::Again,
        ),
        (
            "CannotPullContainerError: ref pull has been retried 1 time(s): unexpected status code 502 Bad Gateway",
            Weight::Again,
        ),
        (
            "CannotPullContainerError: unexpected status code 503 Service Temporarily Unavailable",
            Weight::Again,
        ),
        (
            "CannotPullContainerError: unexpected status code 504 Gateway Time-out",
            Weight::Again,
        ),
        (
            "CannotPullContainerError: Get \"https://r.example/v2/\": EOF",
            Weight::Again,
        ),
        (
            "CannotPullContainerError: dial tcp: lookup r.example on 10.0.0.2:53: no such host",
            Weight::Again,
        ),
        (
            "CannotPullContainerError: lookup r.example: Temporary failure in name resolution",
            Weight::Again,
        ),
        (
            "ResourceInitializationError: unable to pull secrets: ThrottlingException: Rate exceeded",
            Weight::Again,
        ),
        (
            "ResourceInitializationError: unable to pull secrets: InternalFailure: status code: 500",
            Weight::Again,
        ),
        (
            "CannotPullContainerError: toomanyrequests: You have reached your pull rate limit",
            Weight::Again,
        ),
        (
            "CannotPullContainerError: image Manifest does not contain descriptor matching platform 'linux/arm64'",
            Weight::Fatal,
        ),
        (
            "ResourceInitializationError: failed to validate logger args: The specified log group does not exist.",
            Weight::Fatal,
        ),
        (
            "ResourceInitializationError: unable to pull secrets: context deadline exceeded",
            Weight::Again,
        ),
        (
            "CannotStartContainerError: runc create failed: exec: \"kc\": executable file not found in $PATH",
            Weight::Fatal,
        ),
        (
            "Capacity is unavailable at this time. Please try again later or in a different availability zone",
            Weight::Never,
        ),
        (
            "Timeout waiting for network interface provisioning to complete.",
            Weight::Again,
        ),
        ("something new", Weight::Twice),
    ] {
        assert_eq!(weight(start, reason), wanted, "{reason}");
    }
}

#[test]
fn what_others_did_to_a_task_never_counts() {
    for (code, reason) in [
        ("SpotInterruption", "Your Spot Task was interrupted."),
        ("TerminationNotice", "host maintenance"),
        ("UserInitiated", "Task stopped by user"),
        ("InfrastructureHealth", "unhealthy host"),
        (
            "ServiceSchedulerInitiated",
            "Scaling activity initiated by (deployment ecs-svc/1)",
        ),
    ] {
        assert_eq!(weight(code, reason), Weight::Never, "{code}");
    }
}

#[test]
fn a_refused_secret_names_the_secret_and_the_role() {
    let reason = "ResourceInitializationError: unable to pull secrets or registry auth: unable to retrieve secret from asm: \
        failed to fetch secret arn:aws:secretsmanager:eu-central-1:1:secret:db from secrets manager: AccessDeniedException: \
        User: arn:aws:sts::1:assumed-role/kc-exec/abc is not authorized to perform: secretsmanager:GetSecretValue on \
        resource: arn:aws:secretsmanager:eu-central-1:1:secret:db because no identity-based policy allows it";
    let cause = classify(&task("TaskFailedToStart", reason, &[]), &[]);
    assert_eq!(cause.weight, Weight::Fatal);
    assert!(
        cause.remedy.contains("execution role kc-exec"),
        "{}",
        cause.remedy
    );
    assert!(
        cause.remedy.contains(":secret:db:") || cause.remedy.contains(":secret:db "),
        "{}",
        cause.remedy
    );
}

#[test]
fn the_container_that_failed_is_the_one_that_counts() {
    let task = task(
        "EssentialContainerExited",
        "Essential container in task exited",
        &[("sidecar", Some(143), None), ("keycloak", Some(1), None)],
    );
    let cause = classify(&task, &[]);
    assert_eq!(cause.container.as_deref(), Some("keycloak"));
    assert_eq!((cause.exit_code, cause.weight), (Some(1), Weight::Twice));
}

#[test]
fn out_of_memory_is_its_own_cause() {
    let task = task(
        "EssentialContainerExited",
        "Essential container in task exited",
        &[(
            "keycloak",
            Some(137),
            Some("OutOfMemoryError: Container killed due to memory usage"),
        )],
    );
    let cause = classify(&task, &[]);
    assert!(cause.what.contains("memory") && cause.remedy.contains("memory"));
}

#[test]
fn the_log_gives_a_wrong_architecture_away() {
    let mut task = task(
        "EssentialContainerExited",
        "Essential container in task exited",
        &[("keycloak", Some(255), None)],
    );
    assert_eq!(classify(&task, &[]).weight, Weight::Twice);
    task.log = vec!["exec /opt/keycloak/bin/kc.sh: exec format error".to_owned()];
    let cause = classify(&task, &[]);
    assert_eq!(cause.weight, Weight::Fatal);
    assert!(cause.what.contains("architecture"));
}
