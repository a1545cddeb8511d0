//! `check-cluster` against the stand-ins: nodes that keep a list of peers with the rights of their task role.

mod refusals;

use world::nodes::Removes;

use crate::support::Ended;
use crate::support::keycloak::Keycloak;

fn output(ended: &Ended, name: &str) -> String {
    let value = ended.outputs.split_once(&format!("{name}<<"));
    let value = value.and_then(|(_, rest)| rest.lines().nth(1));
    value.unwrap_or("").to_owned()
}

/// Asserts how a check ended, and that it told one error or none.
fn expect(ended: &Ended, code: i32, verdict: &str) {
    assert_eq!(ended.code, code, "{}", ended.log);
    assert_eq!(output(ended, "verdict"), verdict, "{}", ended.log);
    let errors = usize::from(code != 0);
    assert_eq!(
        ended.log.matches("::error ").count(),
        errors,
        "{}",
        ended.log
    );
}

fn tells(ended: &Ended, texts: &[&str]) {
    for text in texts {
        assert!(
            ended.log.contains(text),
            "{text:?} is not in:\n{}",
            ended.log
        );
    }
}

#[test]
fn nodes_that_found_each_other_are_whole() {
    let keycloak = Keycloak::new().deploy(2);
    let ended = keycloak.check(&["--json"]);
    expect(&ended, 0, "whole");
    assert_eq!(output(&ended, "members"), "2");
    let coordinator = output(&ended, "coordinator");
    assert!(coordinator.starts_with("ip-10-0-"), "{coordinator}");
    let json: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(json["coordinator"], coordinator);
    for task in keycloak.tasks() {
        assert!(ended.summary.contains(&task), "{}", ended.summary);
    }
    assert!(ended.summary.contains(&coordinator), "{}", ended.summary);
    assert!(ended.summary.contains("### check-cluster: whole"));
    tells(&ended, &["whole: "]);
    assert!(!ended.log.contains("::notice"), "{}", ended.log);
}

#[test]
fn nodes_that_do_not_reach_each_other_are_split() {
    let keycloak = Keycloak::new();
    keycloak.account.world.nodes.conditions(|now| {
        now.reachable = false;
        now.removes = Removes::OldCoordinator;
    });
    let keycloak = keycloak.without("logs:FilterLogEvents").deploy(3);
    let ended = keycloak.check(&[]);
    expect(&ended, 3, "split");
    tells(
        &ended,
        &[
            "3 coordinators: ip-",
            "7800 and 57800",
            "cache-embedded-mtls-enabled",
        ],
    );
    assert_eq!(output(&ended, "coordinator").split(',').count(), 3);
    assert_eq!(ended.log.matches("::notice").count(), 1, "{}", ended.log);
    tells(
        &ended,
        &["without logs:FilterLogEvents on the log group /ecs/keycloak"],
    );
}

#[test]
fn a_split_that_the_bucket_hides_shows_in_the_views() {
    let keycloak = Keycloak::new();
    keycloak.account.world.nodes.conditions(|now| {
        now.reachable = false;
        now.removes = Removes::Everything;
    });
    let keycloak = keycloak.deploy(2);
    let ended = keycloak.check(&[]);
    expect(&ended, 3, "split");
    tells(&ended, &["the nodes log different views", "7800 and 57800"]);
    assert_eq!(keycloak.account.world.s3.list("peers", "").len(), 1);
    // Without the log, one list of one node is no proof of anything.
    let keycloak = keycloak.without("logs:FilterLogEvents");
    let ended = keycloak.check(&[]);
    expect(&ended, 6, "no-evidence");
    tells(&ended, &["1 task is in no list", "logs:FilterLogEvents"]);
}

#[test]
fn a_split_that_heals_in_time_is_whole() {
    let keycloak = Keycloak::new();
    let world = keycloak.account.world.clone();
    world.nodes.conditions(|now| {
        now.reachable = false;
        now.removes = Removes::OldCoordinator;
    });
    let keycloak = keycloak.deploy(2);
    let healed = std::thread::scope(|scope| {
        let check = scope.spawn(|| keycloak.check(&[]));
        while world.nodes.clusters().len() < 2 {
            std::thread::yield_now();
        }
        world.nodes.conditions(|now| now.reachable = true);
        check.join().unwrap()
    });
    expect(&healed, 0, "whole");
    tells(&healed, &["forming: "]);
}

#[test]
fn a_node_that_s3_refuses_is_alone() {
    let check = "JGROUPS_AWS_S3_CHECK_IF_BUCKET_EXISTS";
    let keycloak = Keycloak::new().variable(check, "false").deploy(1);
    expect(&keycloak.check(&[]), 0, "whole");
    keycloak.let_tasks_use_the_bucket(false);
    keycloak.scale(2);
    let ended = keycloak.check(&[]);
    expect(&ended, 3, "alone");
    tells(
        &ended,
        &[
            "S3 refused the list of peers to",
            "s3:ListBucket on the bucket without a condition",
            check,
        ],
    );
}

#[test]
fn a_list_of_dead_nodes_beside_the_cluster_is_stale() {
    let keycloak = Keycloak::new().deploy(2);
    expect(&keycloak.check(&[]), 0, "whole");
    let key = "keycloak/ISPN/b2014681-b940-48b7-8582-b80d1b6721ea.ip-10-9-9-9-1.list";
    let body = "ip-10-9-9-9-1 \tb2014681-b940-48b7-8582-b80d1b6721ea \t10.9.9.9:7800 \tT\n";
    let world = &keycloak.account.world;
    world.s3.put("peers", key, body, world.clock.unix());
    let ended = keycloak.check(&[]);
    expect(&ended, 0, "stale");
    assert_eq!(output(&ended, "members"), "2");
    assert_eq!(ended.log.matches("::warning").count(), 1, "{}", ended.log);
    tells(&ended, &[key, "Delete the object"]);
    assert!(
        ended.summary.contains("none of this service"),
        "{}",
        ended.summary
    );
}

#[test]
fn a_list_that_came_back_with_one_member_is_stale_if_the_views_agree() {
    let keycloak = Keycloak::new().deploy(2);
    expect(&keycloak.check(&[]), 0, "whole");
    let world = &keycloak.account.world;
    for (key, _) in world.s3.list("peers", "") {
        world.s3.delete("peers", &key);
    }
    let ended = keycloak.check(&[]);
    expect(&ended, 0, "stale");
    assert_eq!(output(&ended, "members"), "2", "{}", ended.log);
    let keycloak = keycloak.without("logs:FilterLogEvents");
    expect(&keycloak.check(&[]), 6, "no-evidence");
}

#[test]
fn an_address_that_nobody_can_reach_is_named() {
    let keycloak = Keycloak::new();
    keycloak.account.world.nodes.conditions(|now| {
        now.announced = Some("169.254.172.2".to_owned());
    });
    let keycloak = keycloak.without("logs:FilterLogEvents").deploy(2);
    let ended = keycloak.check(&[]);
    expect(&ended, 3, "alone");
    tells(
        &ended,
        &["169.254.172.2", "KC_CACHE_EMBEDDED_NETWORK_BIND_ADDRESS"],
    );
}

#[test]
fn nodes_that_take_too_long_are_forming_when_the_time_is_up() {
    let keycloak = Keycloak::new();
    keycloak
        .account
        .world
        .nodes
        .conditions(|now| now.join_after = 1e6);
    let keycloak = keycloak.deploy(2);
    let ended = keycloak.check(&["--timeout-seconds=90"]);
    expect(&ended, 5, "forming");
    tells(&ended, &["not one cluster yet after "]);
    assert!(ended.summary.contains("timed out"), "{}", ended.summary);
}

#[test]
fn a_service_whose_nodes_are_refused_and_exit_is_never_whole() {
    let keycloak = Keycloak::new();
    keycloak.let_tasks_use_the_bucket(false);
    let ended = keycloak.deploy(2).check(&["--timeout-seconds=300"]);
    expect(&ended, 5, "forming");
}

#[test]
fn fewer_nodes_than_expected_are_not_whole() {
    let keycloak = Keycloak::new().deploy(2);
    let ended = keycloak.check(&["--expect=3", "--timeout-seconds=600"]);
    expect(&ended, 5, "forming");
    tells(&ended, &["2 tasks run of 3 expected", "`expect`"]);
}

#[test]
fn with_jdbc_ping_the_views_are_the_evidence() {
    let keycloak = Keycloak::new()
        .variable("JGROUPS_AWS_S3_BUCKET_NAME", "")
        .without("s3:ListBucket")
        .without("s3:GetObject")
        .deploy(2);
    let world = &keycloak.account.world;
    while keycloak.tasks().len() < 2 {
        std::thread::yield_now();
    }
    let jdbc = ["--discovery=jdbc-ping"];
    let ended = keycloak.check(&jdbc);
    expect(&ended, 6, "no-evidence");
    tells(&ended, &["the log has no view of"]);
    let log = |task: &str, view: &str| {
        let line = format!("ISPN000094: Received new cluster view for channel ISPN: {view}");
        world
            .logs
            .put("/ecs/keycloak", &format!("kc/keycloak/{task}"), [line]);
    };
    for task in keycloak.tasks() {
        log(&task, "[a|1] (2) [a, b]");
    }
    let ended = keycloak.check(&jdbc);
    expect(&ended, 0, "whole");
    assert_eq!(output(&ended, "coordinator"), "a");
    log(&keycloak.tasks()[0], "[a|2] (1) [a]");
    log(&keycloak.tasks()[1], "[b|2] (1) [b]");
    expect(&keycloak.check(&jdbc), 3, "split");
    let keycloak = keycloak.without("logs:FilterLogEvents");
    let ended = keycloak.check(&jdbc);
    expect(&ended, 6, "no-evidence");
    tells(&ended, &["without logs:FilterLogEvents"]);
}

#[test]
fn a_list_that_cannot_be_read_is_shown_with_its_line() {
    let keycloak = Keycloak::new().without("logs:FilterLogEvents").deploy(1);
    expect(&keycloak.check(&[]), 0, "whole");
    let world = &keycloak.account.world;
    world.s3.put(
        "peers",
        "keycloak/ISPN/notes.txt",
        "\nto do\n",
        world.clock.unix(),
    );
    let ended = keycloak.check(&[]);
    expect(&ended, 6, "no-evidence");
    tells(
        &ended,
        &["keycloak/ISPN/notes.txt is no list of peers: line 2"],
    );
}

#[test]
fn a_list_in_another_folder_is_pointed_at() {
    let keycloak = Keycloak::new().without("logs:FilterLogEvents").deploy(1);
    expect(&keycloak.check(&[]), 0, "whole");
    let ended = keycloak.check(&["--cluster-name=keycloak"]);
    expect(&ended, 6, "no-evidence");
    tells(
        &ended,
        &["there is nothing in s3://peers/keycloak/keycloak/, but the bucket has keycloak/ISPN/"],
    );
}

#[test]
fn a_rolling_restart_ends_whole() {
    let keycloak = Keycloak::new().deploy(2);
    expect(&keycloak.check(&[]), 0, "whole");
    let before = keycloak.tasks();
    let change =
        serde_json::json!({"cluster": "main", "service": "keycloak", "forceNewDeployment": true});
    keycloak.account.world.ecs.update_service(&change).unwrap();
    while keycloak.tasks().iter().any(|task| before.contains(task)) {
        std::thread::yield_now();
    }
    let ended = keycloak.check(&[]);
    expect(&ended, 0, "whole");
    for task in before {
        assert!(!ended.summary.contains(&task), "{}", ended.summary);
    }
}

#[test]
fn faults_of_aws_that_pass_do_not_end_the_wait() {
    use world::ecs::{Fault, Injection};
    let keycloak = Keycloak::new().deploy(1);
    let throttled = Injection::new("ListTasks", Fault::throttled()).times(3);
    keycloak.account.world.ecs.faults([throttled]);
    let ended = keycloak.check(&[]);
    expect(&ended, 0, "whole");
    tells(&ended, &["ThrottlingException", "trying again"]);
}
