//! What can be wrong, and what to do about it.

use std::fmt;
use std::net::IpAddr;

/// Something that is not as it is in a whole cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
    /// ECS runs another number of tasks than there should be.
    Count { running: usize, expected: usize },
    /// ECS has not said which address a task has.
    NoAddress { task: String },
    /// Tasks that S3 refused.
    Refused { tasks: Vec<String> },
    /// A task is being stopped.
    Leaving { task: String },
    /// There are several live coordinators.
    Coordinators { names: Vec<String> },
    /// No list holds a running task as coordinator.
    NoCoordinator,
    /// There is no list at all.
    NoList,
    /// A list cannot be read.
    Unreadable { key: String, problem: String },
    /// A list names nobody who still runs.
    Leftover { key: String },
    /// Running tasks that no list names.
    Unlisted { tasks: Vec<String> },
    /// A node gave an address that only its own host can reach.
    LinkLocal { name: String, address: IpAddr },
    /// A list names an address that no task of the service has.
    Stranger { name: String, address: IpAddr },
    /// The nodes log different views.
    Views { views: Vec<String> },
    /// The nodes log a view with more members than there are tasks.
    LargerView { view: String, tasks: usize },
    /// The log has no view of some tasks.
    NoView { tasks: Vec<String> },
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count { running, expected } => {
                write!(
                    f,
                    "{} of {expected} expected",
                    counted(*running, "task runs", "tasks run")
                )
            }
            Self::NoAddress { task } => write!(f, "task {task} has no private address yet"),
            Self::Refused { tasks } => write!(
                f,
                "S3 refused the list of peers to {}, says the log",
                tasks.join(", ")
            ),
            Self::Leaving { task } => write!(f, "task {task} is still being stopped"),
            Self::Coordinators { names } => {
                write!(f, "{} coordinators: {}", names.len(), names.join(", "))
            }
            Self::NoCoordinator => f.write_str("no list has a running task as its coordinator"),
            Self::NoList => f.write_str("the bucket holds no list of peers there"),
            Self::Unreadable { key, problem } => write!(f, "{key} is no list of peers: {problem}"),
            Self::Leftover { key } => write!(f, "{key} names no node that still runs"),
            Self::Unlisted { tasks } => write!(
                f,
                "{} in no list: {}",
                counted(tasks.len(), "task is", "tasks are"),
                tasks.join(", ")
            ),
            Self::LinkLocal { name, address } => write!(
                f,
                "{name} announces {address}, which no other node can reach"
            ),
            Self::Stranger { name, address } => {
                write!(f, "{name} at {address} is no running task of this service")
            }
            Self::Views { views } => {
                write!(f, "the nodes log different views: {}", views.join(", "))
            }
            Self::LargerView { view, tasks } => write!(
                f,
                "the nodes log {view}, but the service runs {}",
                counted(*tasks, "task", "tasks")
            ),
            Self::NoView { tasks } => write!(f, "the log has no view of {}", tasks.join(", ")),
        }
    }
}

/// `1 task runs`, `2 tasks run`.
fn counted(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

impl Cause {
    /// What to do, in full sentences.
    pub fn next_step(&self) -> Option<String> {
        Some(match self {
            Self::Count { .. } | Self::NoAddress { .. } | Self::Leaving { .. } => {
                "Wait for the deployment (`deploy-service`) before this check; give `expect` if another number of nodes \
                 is right."
                    .to_owned()
            }
            // One symptom, three causes that cannot be told apart from outside: keycloak/keycloak #29399.
            Self::Coordinators { .. } | Self::Views { .. } => {
                "Let the tasks reach each other: their security group allows itself TCP 7800 and 57800, each node \
                 announces its task's private address, and cache-embedded-mtls-enabled is the same on all nodes. Then \
                 restart the service."
                    .to_owned()
            }
            Self::Refused { .. } => {
                "Let the task role do s3:ListBucket on the bucket without a condition, and s3:GetObject, s3:PutObject and \
                 s3:DeleteObject on its objects; then restart the service. Never set \
                 JGROUPS_AWS_S3_CHECK_IF_BUCKET_EXISTS=false: a node that is refused then runs alone instead of exiting."
                    .to_owned()
            }
            Self::NoCoordinator | Self::NoList | Self::Unlisted { .. } => {
                "Compare `bucket`, `prefix` and `cluster-name` with the environment of the tasks (JGROUPS_AWS_S3_*), and \
                 look for S3_PING in their log."
                    .to_owned()
            }
            Self::Unreadable { key, .. } => {
                format!("Look at {key}: only nodes of this cluster should write there.")
            }
            Self::Leftover { .. } => {
                "Delete the object (`aws s3 rm`): each node that starts waits for its dead coordinator, measured 20 to 40 seconds. With \
                 remove_old_coords_on_view_change in the cache configuration, the nodes do it themselves unless all of \
                 them end at once."
                    .to_owned()
            }
            Self::LinkLocal { .. } => {
                "Set KC_CACHE_EMBEDDED_NETWORK_BIND_ADDRESS to match-address:<pattern of the VPC's addresses>, for example \
                 match-address:100.64.*; unset, it matches only 10/8, 172.16/12 and 192.168/16."
                    .to_owned()
            }
            Self::Stranger { .. } | Self::LargerView { .. } => {
                "Give each service a bucket or prefix of its own: nodes that share one become one cluster."
                    .to_owned()
            }
            Self::NoView { .. } => {
                "Keep the log at least as long as a task lives, at level INFO for org.infinispan.CLUSTER: the nodes log \
                 their view only when it changes."
                    .to_owned()
            }
        })
    }
}
