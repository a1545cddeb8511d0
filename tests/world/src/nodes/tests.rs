use serde_json::{Value, json};

use super::*;
use crate::Settings;

/// A bucket, a role that may use it, and tasks that come and go.
struct Lab {
    s3: S3,
    iam: Iam,
    nodes: Nodes,
    tasks: Vec<Task>,
    now: f64,
    lines: Vec<Line>,
    exits: Vec<(String, i64)>,
}

fn rights(extra: &Value) -> Value {
    json!({"Statement": [
        extra,
        {
            "Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"],
            "Resource": "arn:aws:s3:::peers/lab/*",
        },
        {"Effect": "Deny", "Action": "s3:CreateBucket", "Resource": "*"},
    ]})
}

fn list_bucket() -> Value {
    json!({"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::peers"})
}

impl Lab {
    fn new() -> Self {
        let settings = Settings::new("/nowhere");
        let lab = Self {
            s3: S3::new(&settings),
            iam: Iam::new(&settings),
            nodes: Nodes::default(),
            tasks: Vec::new(),
            now: 1000.0,
            lines: Vec::new(),
            exits: Vec::new(),
        };
        lab.s3.create_bucket("peers");
        lab.iam.put_role("task", json!({}), rights(&list_bucket()));
        lab
    }

    fn run(&mut self, number: u8) {
        let environment = [
            ("JGROUPS_AWS_S3_REGION_NAME", "eu-central-1"),
            ("JGROUPS_AWS_S3_BUCKET_NAME", "peers"),
            ("JGROUPS_AWS_S3_BUCKET_PREFIX", "lab"),
        ];
        self.tasks.push(Task {
            id: format!("t{number}"),
            address: format!("10.0.1.{number}"),
            environment: environment
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            role: "task".to_owned(),
            started: self.now,
        });
    }

    fn stop(&mut self, number: u8) {
        self.tasks.retain(|task| task.id != format!("t{number}"));
    }

    fn wait(&mut self, seconds: f64) {
        self.now += seconds;
        let happened = self.nodes.step(&self.s3, &self.iam, self.now, &self.tasks);
        self.lines.extend(happened.lines);
        self.exits.extend(happened.exits);
    }

    /// Each list as the last part of its members' addresses, `T` behind the coordinator's.
    fn lists(&self) -> Vec<String> {
        let objects = self.s3.list("peers", "lab/ISPN/");
        let mut lists: Vec<String> = objects
            .iter()
            .map(|(_, object)| {
                let text = String::from_utf8_lossy(&object.body).into_owned();
                let members = text.lines().map(|line| {
                    let words: Vec<&str> = line.split_whitespace().collect();
                    let address = words[2].trim_end_matches(":7800");
                    let flag = words[3].trim_end_matches('F');
                    format!("{}{flag}", address.rsplit('.').next().unwrap())
                });
                members.collect::<Vec<_>>().join(" ")
            })
            .collect();
        lists.sort();
        lists
    }

    fn views(&self, number: u8) -> Vec<&str> {
        let task = format!("t{number}");
        let lines = self.lines.iter().filter(|line| line.task == task);
        lines
            .filter_map(|line| Some(line.text.split_once("for channel ISPN: ")?.1))
            .collect()
    }
}

#[test]
fn nodes_form_a_cluster_and_hand_it_on() {
    let mut lab = Lab::new();
    lab.run(1);
    lab.wait(19.0);
    assert_eq!(lab.lists(), [""; 0], "the node is still starting");
    lab.wait(2.0);
    assert_eq!(lab.lists(), ["1T"]);
    lab.run(2);
    lab.run(3);
    lab.wait(30.0);
    assert_eq!(lab.lists(), ["1T 2 3"]);
    lab.stop(1);
    lab.wait(5.0);
    assert_eq!(lab.lists(), ["2T 3"]);
    lab.stop(3);
    lab.wait(5.0);
    assert_eq!(lab.lists(), ["2T"]);
    lab.stop(2);
    lab.wait(5.0);
    assert_eq!(lab.lists(), [""; 0]);
    assert_eq!(lab.views(2).len(), 4, "{:?}", lab.lines);
}

#[test]
fn a_list_has_the_bytes_that_keycloak_writes() {
    let mut lab = Lab::new();
    lab.run(1);
    lab.run(2);
    lab.wait(30.0);
    let (key, object) = lab.s3.list("peers", "").remove(0);
    let text = String::from_utf8(object.body.to_vec()).unwrap();
    let lines: Vec<Vec<&str>> = text
        .lines()
        .map(|line| line.split('\t').collect())
        .collect();
    assert_eq!(lines.len(), 2);
    for line in &lines {
        assert_eq!(line.len(), 4, "{text}");
        assert!(line[..3].iter().all(|field| field.ends_with(' ')), "{text}");
    }
    assert_eq!((lines[0][3], lines[1][3]), ("T", "F"));
    assert_eq!(
        key,
        format!(
            "lab/ISPN/{}.{}.list",
            lines[0][1].trim(),
            lines[0][0].trim()
        )
    );
}

#[test]
fn nodes_that_do_not_reach_each_other_are_a_cluster_each_and_merge_when_they_do() {
    let mut lab = Lab::new();
    lab.nodes.conditions(|now| {
        now.reachable = false;
        now.removes = Removes::OldCoordinator;
    });
    lab.run(1);
    lab.run(2);
    lab.wait(300.0);
    assert_eq!(lab.lists(), ["1T", "2T"]);
    lab.nodes.conditions(|now| now.reachable = true);
    lab.wait(1.0);
    assert_eq!(lab.nodes.clusters().len(), 2);
    lab.wait(50.0);
    assert_eq!(lab.lists(), ["1T 2"]);
    assert!(lab.views(2).last().unwrap().starts_with("MergeView::["));
}

#[test]
fn who_removes_everything_hides_the_split() {
    let mut lab = Lab::new();
    lab.nodes.conditions(|now| {
        now.reachable = false;
        now.removes = Removes::Everything;
    });
    lab.run(1);
    lab.run(2);
    lab.wait(300.0);
    assert_eq!(lab.lists(), ["2T"]);
    assert_eq!(lab.nodes.clusters().len(), 2);
}

#[test]
fn the_list_of_a_killed_coordinator_stays_unless_somebody_removes_it() {
    for (removes, lists) in [
        (Removes::Nothing, vec!["1T 2", "2T"]),
        (Removes::OldCoordinator, vec!["2T"]),
        (Removes::Everything, vec!["2T"]),
    ] {
        let mut lab = Lab::new();
        lab.nodes.conditions(|now| now.removes = removes);
        lab.run(1);
        lab.run(2);
        lab.wait(60.0);
        lab.nodes.kill("t1");
        lab.wait(5.0);
        assert_eq!(lab.lists(), lists, "{removes:?}");
    }
}

#[test]
fn a_deleted_list_comes_back_with_its_writer_alone() {
    let mut lab = Lab::new();
    lab.run(1);
    lab.run(2);
    lab.wait(60.0);
    let key = lab.s3.list("peers", "").remove(0).0;
    lab.s3.delete("peers", &key);
    lab.wait(1.0);
    assert_eq!(lab.lists(), [""; 0]);
    lab.wait(40.0);
    assert_eq!(lab.lists(), ["1T"]);
    assert_eq!(lab.nodes.clusters(), [["t1", "t2"]]);
}

#[test]
fn a_node_that_may_not_list_the_bucket_without_a_condition_exits() {
    let condition = json!({"StringLike": {"s3:prefix": "lab/*"}});
    let mut conditioned = list_bucket();
    conditioned["Condition"] = condition;
    for statement in [conditioned, json!({})] {
        let mut lab = Lab::new();
        lab.iam.put_role("task", json!({}), rights(&statement));
        lab.run(1);
        lab.wait(40.0);
        assert_eq!(lab.exits, [], "it takes 30 seconds");
        lab.wait(15.0);
        assert_eq!(lab.exits, [("t1".to_owned(), 1)]);
        assert!(
            lab.lines
                .iter()
                .any(|line| line.text.contains("ISPN000541"))
        );
    }
}

#[test]
fn a_refused_node_without_the_check_is_a_cluster_of_one() {
    let mut lab = Lab::new();
    lab.run(1);
    lab.wait(30.0);
    lab.iam.put_role("blind", json!({}), json!({}));
    lab.run(2);
    lab.tasks[1].role = "blind".to_owned();
    let check = "JGROUPS_AWS_S3_CHECK_IF_BUCKET_EXISTS".to_owned();
    lab.tasks[1].environment.insert(check, "false".to_owned());
    lab.wait(300.0);
    assert_eq!(lab.lists(), ["1T"]);
    assert_eq!(lab.nodes.clusters(), [["t1"], ["t2"]]);
    assert_eq!(lab.exits, []);
    lab.iam.put_role("task", json!({}), json!({}));
    lab.wait(300.0);
    lab.wait(300.0);
    assert_eq!(lab.nodes.clusters().len(), 2, "neither can read");
    let refused = |line: &&Line| line.task == "t2" && line.text.contains("member list");
    assert_eq!(lab.lines.iter().filter(refused).count(), 2);
}

#[test]
fn a_missing_bucket_is_made_only_by_who_may() {
    let mut lab = Lab::new();
    lab.run(1);
    let bucket = "JGROUPS_AWS_S3_BUCKET_NAME".to_owned();
    lab.tasks[0].environment.insert(bucket, "other".to_owned());
    lab.wait(60.0);
    lab.wait(60.0);
    assert_eq!(lab.exits, [("t1".to_owned(), 1)]);
    assert!(!lab.s3.has_bucket("other"));
}

#[test]
fn nodes_with_another_prefix_never_meet() {
    let mut lab = Lab::new();
    let everything = json!({"Effect": "Allow", "Action": "s3:*", "Resource": "*"});
    lab.iam.put_role("task", json!({}), rights(&everything));
    lab.run(1);
    lab.run(2);
    let prefix = "JGROUPS_AWS_S3_BUCKET_PREFIX".to_owned();
    lab.tasks[1].environment.insert(prefix, "other/".to_owned());
    lab.wait(300.0);
    assert_eq!(lab.nodes.clusters().len(), 2);
    assert_eq!(lab.s3.list("peers", "other/ISPN/").len(), 1);
}
