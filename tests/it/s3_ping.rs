//! JGroups itself, with S3_PING and the AWS SDK for Java, against the stand-in for S3: the client that the lists are for.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::OnceLock;

use keycloak_ecs_actions::domain::cluster::{Evidence, List, Task, Verdict, judge};
use keycloak_ecs_actions::domain::peers;
use serde_json::json;
use world::World;

use crate::support::account::Account;
use crate::support::repository;

/// The folder with the jars; Maven fetches them once.
fn jars() -> &'static PathBuf {
    static JARS: OnceLock<PathBuf> = OnceLock::new();
    JARS.get_or_init(|| {
        let pom = repository().join("tests/foreign/s3_ping/pom.xml");
        let mut hasher = DefaultHasher::new();
        std::fs::read_to_string(&pom).unwrap().hash(&mut hasher);
        let cache = std::env::var("KECS_TEST_CACHE").map(PathBuf::from);
        let cache = cache.unwrap_or_else(|_| repository().join(".cache"));
        let folder = cache.join(format!("s3-ping-{:016x}", hasher.finish()));
        if !folder.exists() {
            let fetched = Command::new("mvn")
                .args([
                    "-q",
                    "-B",
                    "dependency:copy-dependencies",
                    "-DincludeScope=runtime",
                    "-f",
                ])
                .arg(&pom)
                .arg(format!("-DoutputDirectory={}.new", folder.display()))
                .status()
                .expect("Maven is there");
            assert!(fetched.success(), "Maven did not fetch JGroups");
            std::fs::rename(format!("{}.new", folder.display()), &folder).unwrap();
        }
        folder
    })
}

/// Two nodes in a Java process; it ends with this value.
struct Nodes {
    process: Child,
    input: ChildStdin,
    output: std::io::Lines<BufReader<std::process::ChildStdout>>,
}

impl Nodes {
    /// Nodes with exactly the rights that the Terraform module gives to a task.
    fn start(world: &World, arguments: &[&str]) -> Self {
        world.s3.create_bucket("peers");
        world.iam.put_role(
            "task",
            json!({}),
            json!({"Statement": [
                {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::peers"},
                {
                    "Effect": "Allow", "Action": ["s3:DeleteObject", "s3:GetObject", "s3:PutObject"],
                    "Resource": "arn:aws:s3:::peers/lab/*",
                },
                {"Effect": "Deny", "Action": "s3:CreateBucket", "Resource": "*"},
            ]}),
        );
        let session = world
            .iam
            .session("task", "nodes", world.clock.unix() + 3600.0);
        let mut process = Command::new("java")
            .arg("-cp")
            .arg(format!("{}/*", jars().display()))
            .arg(repository().join("tests/foreign/s3_ping/Nodes.java"))
            .args(arguments)
            .env("AWS_ACCESS_KEY_ID", &session.access_key)
            .env("AWS_SECRET_ACCESS_KEY", &session.secret)
            .env("AWS_SESSION_TOKEN", &session.token)
            .env("JGROUPS_AWS_S3_ENDPOINT", &world.urls.aws)
            .env("JGROUPS_AWS_S3_PATH_STYLE_ACCESS_ENABLED", "true")
            .env("JGROUPS_AWS_S3_REGION_NAME", "eu-central-1")
            .env("JGROUPS_AWS_S3_BUCKET_NAME", "peers")
            .env("JGROUPS_AWS_S3_BUCKET_PREFIX", "lab")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("Java is there");
        let output = BufReader::new(process.stdout.take().unwrap()).lines();
        let input = process.stdin.take().unwrap();
        Self {
            process,
            input,
            output,
        }
    }

    /// The next line; the nodes print one every 200 ms at least.
    fn line(&mut self) -> String {
        self.output.next().expect("the nodes live").unwrap()
    }

    /// Reads the lists until they are as wanted, once for each line of the nodes.
    fn lists(&mut self, world: &World, wanted: impl Fn(&[List]) -> bool) -> Vec<List> {
        loop {
            self.line();
            let lists = read(world);
            if wanted(&lists) {
                return lists;
            }
        }
    }

    fn stop(mut self) {
        writeln!(self.input).unwrap();
        while self.line() != "closed" {}
        assert!(self.process.wait().unwrap().success());
    }
}

impl Drop for Nodes {
    fn drop(&mut self) {
        // It has ended, unless the test failed.
        let killed = self.process.kill();
        drop(killed);
    }
}

fn read(world: &World) -> Vec<List> {
    let objects = world.s3.list("peers", &peers::folder(Some("lab"), "ISPN"));
    let lists = objects.into_iter().map(|(key, object)| {
        let peers = peers::parse(&object.body).unwrap();
        let text: String = peers
            .iter()
            .map(|peer| {
                let flag = if peer.coordinator { "T" } else { "F" };
                format!(
                    "{} \t{} \t{}:{} \t{flag}\n",
                    peer.name, peer.uuid, peer.address, peer.port
                )
            })
            .collect();
        assert_eq!(
            text.as_bytes(),
            &object.body[..],
            "byte for byte as documented"
        );
        List {
            key,
            modified: 1000,
            peers: Ok(peers),
        }
    });
    lists.collect()
}

/// The verdict on these lists for tasks that have run for an hour at the addresses of the nodes.
fn verdict(lists: Vec<List>) -> Verdict {
    let task = |last: u8| Task {
        id: format!("task-{last}"),
        address: Some([127, 0, 0, last].into()),
        started: 900,
    };
    let evidence = Evidence {
        now: 4500,
        expected: 2,
        tasks: vec![task(1), task(2)],
        lists: Some(lists),
        ..Evidence::default()
    };
    judge(&evidence).verdict
}

fn members(lists: &[List]) -> Vec<usize> {
    let counts = lists
        .iter()
        .map(|list| list.peers.as_ref().map_or(0, Vec::len));
    counts.collect()
}

#[test]
fn jgroups_forms_a_cluster_through_the_bucket_and_leaves_nothing_behind() {
    let account = Account::new();
    let world = &account.world;
    let mut nodes = Nodes::start(world, &[]);
    let lists = nodes.lists(world, |lists| members(lists) == [2]);
    assert_eq!(verdict(lists), Verdict::Whole);
    for operation in ["HeadBucket", "ListObjects", "GetObject", "PutObject"] {
        assert!(world.journal.count("s3", operation) > 0, "{operation}");
    }
    nodes.stop();
    assert_eq!(members(&read(world)), [0; 0]);
}

#[test]
fn jgroups_nodes_that_do_not_reach_each_other_keep_a_list_each() {
    let account = Account::new();
    let world = &account.world;
    let mut nodes = Nodes::start(world, &["apart"]);
    let lists = nodes.lists(world, |lists| members(lists) == [1, 1]);
    assert_eq!(verdict(lists), Verdict::Split);
    nodes.stop();
}
