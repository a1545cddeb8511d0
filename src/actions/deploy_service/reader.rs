//! Reads that may be refused: each refusal costs one notice, never the verdict.

use std::cell::{Cell, RefCell};
use std::future::Future;

use aws_config::SdkConfig;

use crate::action::Context;
use crate::aws::ecs::Ecs;
use crate::aws::logs::Logs;
use crate::aws::{self, Refusal, refusal};
use crate::domain::rollout::Cause;
use crate::domain::task_definition::{LogPlace, TaskDefinition};
use crate::error::Result;
use crate::runner::Level;

/// Lines of a container's log that a report shows.
const LINES: i32 = 20;

/// A permission that the action can do without.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Permission {
    History,
    Revisions,
    Tasks,
    Definition,
    Logs,
}

impl Permission {
    /// The actions of IAM that it takes, and what is lost without them.
    const fn explain(self) -> (&'static str, &'static str) {
        match self {
            Self::History => (
                "ecs:ListServiceDeployments and ecs:DescribeServiceDeployments",
                "the service alone has to tell how the deployment ends",
            ),
            Self::Revisions => (
                "ecs:DescribeServiceRevisions",
                "the digest of the running image is not verified",
            ),
            Self::Tasks => (
                "ecs:ListTasks and ecs:DescribeTasks",
                "fail-fast is off, and no failure can be explained by its tasks",
            ),
            Self::Definition => (
                "ecs:DescribeTaskDefinition",
                "the task definition is not checked, and no log lines are shown",
            ),
            Self::Logs => ("logs:GetLogEvents", "no log lines are shown"),
        }
    }
}

/// The last lines of a container, and where they stand.
#[derive(Clone, Debug, Default)]
pub(super) struct Tail {
    /// Log group and stream, or why there are no lines.
    pub(super) place: String,
    pub(super) lines: Vec<String>,
}

/// The edge to AWS.
pub(super) struct Reader<'a> {
    context: &'a Context,
    pub(super) config: SdkConfig,
    pub(super) ecs: Ecs,
    denied: RefCell<Vec<Permission>>,
    notices: RefCell<Vec<String>>,
    calls: Cell<u32>,
}

impl<'a> Reader<'a> {
    pub(super) async fn new(context: &'a Context, region: &str, cluster: &str) -> Self {
        let config = aws::config(context, region.to_owned()).await;
        Self {
            context,
            ecs: Ecs::new(&config, cluster),
            config,
            denied: RefCell::default(),
            notices: RefCell::default(),
            calls: Cell::new(0),
        }
    }

    /// Number of calls so far.
    pub(super) fn calls(&self) -> u32 {
        self.calls.get()
    }

    /// Notices so far.
    pub(super) fn notices(&self) -> Vec<String> {
        self.notices.borrow().clone()
    }

    /// A notice, made once.
    pub(super) fn notice(&self, text: String) {
        if self.notices.borrow().contains(&text) {
            return;
        }
        self.context
            .runner
            .annotate(Level::Notice, "deploy-service", &text, None);
        self.notices.borrow_mut().push(text);
    }

    pub(super) fn may(&self, permission: Permission) -> bool {
        !self.denied.borrow().contains(&permission)
    }

    /// A read that must be allowed.
    pub(super) async fn needed<T>(&self, call: impl Future<Output = Result<T>>) -> Result<T> {
        self.calls.set(self.calls.get() + 1);
        call.await
    }

    /// A read that may be refused: none if it is, or was before.
    pub(super) async fn optional<T>(
        &self,
        permission: Permission,
        call: impl Future<Output = Result<T>>,
    ) -> Result<Option<T>> {
        if !self.may(permission) {
            return Ok(None);
        }
        match self.needed(call).await {
            Ok(found) => Ok(Some(found)),
            Err(error) if refusal(&error) == Refusal::Denied => {
                self.denied.borrow_mut().push(permission);
                let (actions, without) = permission.explain();
                self.notice(format!("without {actions}, {without}"));
                self.context.runner.debug(error.message());
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// The last lines of the container that a cause is about.
    pub(super) async fn tail(&self, definition: Option<&TaskDefinition>, cause: &Cause) -> Tail {
        let nothing = |why: &str| Tail {
            place: why.to_owned(),
            lines: Vec::new(),
        };
        let (Some(definition), Some(container)) = (definition, &cause.container) else {
            return nothing("no container has a log");
        };
        let (group, region, prefix) = match definition.log_place(container) {
            LogPlace::CloudWatch {
                group,
                region,
                prefix: Some(prefix),
            } => (group, region, prefix),
            LogPlace::CloudWatch { group, .. } => {
                return nothing(&format!(
                    "{group} has no awslogs-stream-prefix: its streams have no known names"
                ));
            }
            LogPlace::Elsewhere(driver) => {
                return nothing(&format!("the log goes to the driver {driver}"));
            }
            LogPlace::Nowhere => {
                return nothing(&format!("container {container} has no logConfiguration"));
            }
        };
        let stream = format!("{prefix}/{container}/{}", cause.task);
        let logs = Logs::new(&self.config, region);
        let found = self
            .optional(Permission::Logs, logs.tail(&group, &stream, LINES))
            .await;
        match found {
            Ok(Some(lines)) if lines.is_empty() => nothing(&format!("{group} {stream} is empty")),
            Ok(Some(lines)) => Tail {
                place: format!("{group} {stream}"),
                lines: lines.iter().map(|line| clean(line)).collect(),
            },
            Ok(None) => nothing("logs:GetLogEvents is not allowed"),
            Err(error) => nothing(&error.message()),
        }
    }
}

/// A line of somebody else's program without control characters, and no longer than is worth reading.
fn clean(line: &str) -> String {
    const LONGEST: usize = 300;
    let printable: String = line
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    match printable.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &printable[..end]),
        None => printable,
    }
}
