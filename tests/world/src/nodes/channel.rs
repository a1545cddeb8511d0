//! One node's way to its bucket, with the rights of its task role, and what it logs on the way.

use serde_json::Value;

use super::list;
use super::model::Node;
use super::{Happened, Line, Task};
use crate::iam::{Context, Iam, Principal};
use crate::s3::S3;

/// Where nodes meet: bucket and folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Meeting {
    pub(super) bucket: String,
    pub(super) folder: String,
}

impl Meeting {
    /// None for a task that is no node of an S3_PING cluster.
    pub(super) fn of(task: &Task) -> Option<Self> {
        let variable = |name: &str| task.environment.get(name).map(String::as_str);
        Some(Self {
            bucket: variable("JGROUPS_AWS_S3_BUCKET_NAME")?.to_owned(),
            folder: list::folder(variable("JGROUPS_AWS_S3_BUCKET_PREFIX")),
        })
    }
}

/// What a step works with.
pub(super) struct Surroundings<'a> {
    pub(super) s3: &'a S3,
    pub(super) iam: &'a Iam,
    pub(super) happened: Happened,
}

impl Surroundings<'_> {
    /// Whether the role of the task may do this. `ListObjects` has a prefix, `HeadBucket` has none.
    fn may(
        &self,
        task: &Task,
        action: &str,
        place: &Meeting,
        key: Option<&str>,
        prefix: bool,
    ) -> bool {
        let caller = Principal {
            arn: format!("arn:aws:sts::task:assumed-role/{}/{}", task.role, task.id),
            role: task.role.clone(),
        };
        let resource = match key {
            Some(key) => format!("arn:aws:s3:::{}/{key}", place.bucket),
            None => format!("arn:aws:s3:::{}", place.bucket),
        };
        let mut context = Context::new();
        if prefix {
            context.insert("s3:prefix".to_owned(), place.folder.clone());
        }
        let policy: Option<Value> = self.s3.policy(&place.bucket);
        self.iam
            .judge(&caller, action, &resource, policy.as_ref(), &context)
            .is_ok()
    }

    /// `HeadBucket` when the node starts: whether it goes on.
    pub(super) fn start(&mut self, node: &Node, at: f64) -> bool {
        let (task, place) = (&node.task, &node.place);
        let variable = |name: &str| task.environment.get(name).map(String::as_str);
        let Some(region) = variable("JGROUPS_AWS_S3_REGION_NAME") else {
            self.fail(
                node,
                at,
                "java.lang.NullPointerException: region must not be null",
            );
            return false;
        };
        let prefix = place.folder.trim_end_matches("ISPN/");
        self.log(
            node,
            at,
            "INFO  [org.jgroups.protocols.aws.S3_PING]",
            &format!(
                "Using AWS S3 ping in region '{region}' with bucket '{}' and prefix '{prefix}'.",
                place.bucket
            ),
        );
        if variable("JGROUPS_AWS_S3_CHECK_IF_BUCKET_EXISTS") == Some("false") {
            return true;
        }
        let refused =
            "software.amazon.awssdk.services.s3.model.S3Exception: (Service: S3, Status Code: 403)";
        if !self.s3.has_bucket(&place.bucket) {
            let text = format!("Bucket '{}' does not exist, creating it.", place.bucket);
            self.log(node, at, "INFO  [org.jgroups.protocols.aws.S3_PING]", &text);
            if !self.may(task, "s3:CreateBucket", place, None, false) {
                self.fail(node, at, refused);
                return false;
            }
            self.s3.create_bucket(&place.bucket);
        } else if self.may(task, "s3:ListBucket", place, None, false) {
            let text = format!("Found bucket '{}'.", place.bucket);
            self.log(node, at, "INFO  [org.jgroups.protocols.aws.S3_PING]", &text);
        } else {
            self.fail(node, at, refused);
            return false;
        }
        true
    }

    fn fail(&mut self, node: &Node, at: f64, cause: &str) {
        let text = format!(
            "ISPN000541: Error while trying to create a channel using the specified configuration 's3': {cause}"
        );
        self.log(
            node,
            at,
            "ERROR [org.keycloak.quarkus.runtime.cli.ExecutionExceptionHandler]",
            &text,
        );
    }

    /// Whether the node may read every list.
    fn can_read(&self, node: &Node) -> bool {
        let (task, place) = (&node.task, &node.place);
        let objects = self.s3.list(&place.bucket, &place.folder);
        self.s3.has_bucket(&place.bucket)
            && self.may(task, "s3:ListBucket", place, None, true)
            && objects
                .iter()
                .all(|(key, _)| self.may(task, "s3:GetObject", place, Some(key), false))
    }

    /// The uuids in the lists that the node reads, list by list.
    pub(super) fn discover(&mut self, node: &Node, at: f64) -> Vec<Vec<String>> {
        if !self.can_read(node) {
            let text = "Failed getting member list from AWS S3 for cluster 'ISPN/'.";
            self.log(node, at, "ERROR [org.jgroups.protocols.aws.S3_PING]", text);
            return Vec::new();
        }
        let objects = self.s3.list(&node.place.bucket, &node.place.folder);
        objects
            .iter()
            .filter(|(_, object)| !object.body.is_empty())
            .map(|(_, object)| list::uuids(&object.body))
            .collect()
    }

    /// Whether one of two coordinators finds the other through its list.
    pub(super) fn meet(&self, one: &Node, other: &Node) -> bool {
        let finds = |reader, owner: &Node| {
            let key = list::key(&owner.place.folder, owner);
            self.can_read(reader) && self.s3.get(&owner.place.bucket, &key).is_some()
        };
        one.place == other.place && (finds(one, other) || finds(other, one))
    }

    /// The first member writes the list of all.
    pub(super) fn write(&mut self, members: &[Node], at: f64) {
        let Some(writer) = members.first() else {
            return;
        };
        let place = &writer.place;
        let key = list::key(&place.folder, writer);
        let allowed = self.may(&writer.task, "s3:PutObject", place, Some(&key), false);
        if !allowed || !self.s3.put(&place.bucket, &key, list::text(members), at) {
            let text = format!("Failed to update member list in AWS S3 in '{key}'.");
            self.log(
                writer,
                at,
                "ERROR [org.jgroups.protocols.aws.S3_PING]",
                &text,
            );
        }
    }

    /// `node` removes the list of `owner`.
    pub(super) fn remove(&mut self, node: &Node, owner: &Node) {
        let key = list::key(&node.place.folder, owner);
        if self.may(
            &node.task,
            "s3:DeleteObject",
            &node.place,
            Some(&key),
            false,
        ) {
            self.s3.delete(&node.place.bucket, &key);
        }
    }

    pub(super) fn remove_all(&mut self, node: &Node) {
        for (key, _) in self.s3.list(&node.place.bucket, &node.place.folder) {
            if self.may(
                &node.task,
                "s3:DeleteObject",
                &node.place,
                Some(&key),
                false,
            ) {
                self.s3.delete(&node.place.bucket, &key);
            }
        }
    }

    /// A line as Keycloak's console log has it; `category` is the level and the logger.
    pub(super) fn log(&mut self, node: &Node, at: f64, category: &str, text: &str) {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "milliseconds of this century"
        )]
        let milliseconds = (at * 1000.0) as i64;
        let time = jiff::Timestamp::from_millisecond(milliseconds).map_or_else(
            |_| String::new(),
            |time| time.strftime("%Y-%m-%d %H:%M:%S,%3f").to_string(),
        );
        self.happened.lines.push(Line {
            task: node.task.id.clone(),
            at,
            text: format!("{time} {category} (main) {text}"),
        });
    }
}
