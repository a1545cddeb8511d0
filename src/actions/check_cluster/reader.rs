//! The edge to AWS: one reading of everything that is evidence.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use aws_config::SdkConfig;

use super::args::{Args, Discovery};
use super::plan::{self, Place};
use crate::action::Context;
use crate::aws::ecs::{Ecs, Nodes};
use crate::aws::logs::Logs;
use crate::aws::s3::S3;
use crate::aws::{Refusal, ServerTime, refusal};
use crate::domain::cluster::{Evidence, List, Logged, Task};
use crate::domain::ecs_names::Names;
use crate::domain::near::instead;
use crate::domain::rollout::Service;
use crate::domain::task_definition::TaskDefinition;
use crate::domain::{peers, views};
use crate::error::{Error, Result};
use crate::runner::Level;

/// Everything that is read again and again.
pub(super) struct Reader<'a> {
    context: &'a Context,
    cluster_name: String,
    service: String,
    expect: Option<usize>,
    ecs: Ecs,
    time: ServerTime,
    list: Option<(S3, Place)>,
    log: RefCell<Option<Log>>,
    told: RefCell<BTreeSet<String>>,
}

struct Log {
    logs: Logs,
    group: String,
    /// The stream's name without the task id.
    stream: String,
}

impl<'a> Reader<'a> {
    /// Finds the service, its bucket and its log. What is wrong with the inputs shows here.
    pub(super) async fn open(
        args: &Args,
        names: &Names,
        config: &SdkConfig,
        context: &'a Context,
    ) -> Result<Self> {
        let ecs = Ecs::new(config, &names.cluster);
        let service = service(&ecs, names).await?;
        let time = ServerTime::default();
        let mut reader = Self {
            context,
            cluster_name: args.cluster_name.clone(),
            service: names.service.clone(),
            expect: args.expect.map(usize::from),
            ecs,
            time,
            list: None,
            log: RefCell::default(),
            told: RefCell::default(),
        };
        let definition = reader.definition(&service.task_definition).await?;
        if args.discovery == Discovery::S3Ping {
            let place = plan::place(args, definition.as_ref())?;
            let s3 = S3::new(config, place.region.as_deref(), &reader.time);
            reader.list = Some((s3, place));
        }
        match definition.as_ref().map(plan::log) {
            Some(Ok((group, region, stream))) => {
                let logs = Logs::timed(config, region, &reader.time);
                reader.log.replace(Some(Log {
                    logs,
                    group,
                    stream,
                }));
            }
            Some(Err(why)) => reader.notice(&format!("the nodes' views are not looked at: {why}")),
            None => {}
        }
        Ok(reader)
    }

    /// Where the list of peers is, in words.
    pub(super) fn place(&self) -> Option<String> {
        let (_, place) = self.list.as_ref()?;
        let folder = peers::folder(place.prefix.as_deref(), &self.cluster_name);
        Some(format!("s3://{}/{folder}", place.bucket))
    }

    async fn definition(&self, name: &str) -> Result<Option<TaskDefinition>> {
        match self.ecs.task_definition(name).await {
            Ok(definition) => Ok(Some(definition)),
            Err(error) if refusal(&error) == Refusal::Denied => {
                self.notice(
                    "without ecs:DescribeTaskDefinition, `bucket` and `prefix` are not held against the tasks, and the \
                     nodes' log is not found",
                );
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// A notice, made once.
    fn notice(&self, text: &str) {
        if self.told.borrow_mut().insert(text.to_owned()) {
            let runner = &self.context.runner;
            runner.annotate(Level::Notice, "check-cluster", text, None);
        }
    }

    /// Reads everything once.
    pub(super) async fn read(&self) -> Result<Evidence> {
        let expected = match self.expect {
            Some(expected) => expected,
            None => self.desired().await?,
        };
        let nodes = self
            .ecs
            .nodes(&self.service)
            .await
            .map_err(|error| allow(error, "ecs:ListTasks and ecs:DescribeTasks"))?;
        let Nodes { running, leaving } = nodes;
        let lists = match &self.list {
            Some((s3, place)) => Some(self.lists(s3, place).await?),
            None => None,
        };
        let (views, refused) = self.views(&running).await?;
        Ok(Evidence {
            // Before any answer had a date, nothing was read that has an age.
            now: self.time.now().unwrap_or_default(),
            expected,
            tasks: running,
            leaving,
            lists,
            views,
            refused,
        })
    }

    async fn desired(&self) -> Result<usize> {
        let service = self.ecs.service(&self.service).await?;
        let desired = service.map_or(0, |service| service.desired);
        Ok(usize::try_from(desired).unwrap_or(0))
    }

    async fn lists(&self, s3: &S3, place: &Place) -> Result<Vec<List>> {
        let folder = peers::folder(place.prefix.as_deref(), &self.cluster_name);
        let denied = |error: Error| {
            allow(
                error,
                &format!(
                    "s3:ListBucket on arn:aws:s3:::{0} and s3:GetObject on arn:aws:s3:::{0}/{folder}*",
                    place.bucket
                ),
            )
        };
        let objects = match s3.list(&place.bucket, &folder).await {
            Ok(objects) => objects,
            Err(error) => return Err(explain_bucket(s3, place, denied(error)).await),
        };
        let mut lists = Vec::new();
        // As JGroups reads them: every object that is not empty.
        for object in objects.into_iter().filter(|object| object.size > 0) {
            let body = s3.get(&place.bucket, &object.key).await.map_err(denied)?;
            let Some(body) = body else { continue };
            lists.push(List {
                peers: peers::parse(&body),
                key: format!("s3://{}/{}", place.bucket, object.key),
                modified: object.modified,
            });
        }
        if lists.is_empty() {
            self.look_around(s3, place, &folder).await;
        }
        Ok(lists)
    }

    /// Where else in the bucket a list might be: beside the folder, or beside its prefix.
    async fn look_around(&self, s3: &S3, place: &Place, folder: &str) {
        let prefix = folder.trim_end_matches('/').rfind('/');
        let prefix = prefix.map_or("", |end| &folder[..=end]);
        let mut others = Vec::new();
        for within in [prefix, ""] {
            let Ok(folders) = s3.folders(&place.bucket, within).await else {
                return;
            };
            others.extend(
                folders
                    .into_iter()
                    .filter(|other| !folder.starts_with(other.as_str())),
            );
            if !others.is_empty() {
                break;
            }
        }
        others.truncate(5);
        if !others.is_empty() {
            self.notice(&format!(
                "there is nothing in s3://{}/{folder}, but the bucket has {}",
                place.bucket,
                others.join(", ")
            ));
        }
    }

    /// The last view of each task, and the tasks that S3 refused; no views if the log cannot be read.
    async fn views(
        &self,
        tasks: &[Task],
    ) -> Result<(Option<BTreeMap<String, Logged>>, BTreeSet<String>)> {
        let mut refused = BTreeSet::new();
        let Some(log) = self.log.take() else {
            return Ok((None, refused));
        };
        let mut views = BTreeMap::new();
        for task in tasks {
            let stream = format!("{}{}", log.stream, task.id);
            let search = log
                .logs
                .search(&log.group, &stream, task.started, views::FILTER);
            let lines = match search.await {
                Ok(lines) => lines,
                // A stream comes with the first line, and the group may be gone: the log says nothing then.
                Err(error) if refusal(&error) == Refusal::Missing => continue,
                Err(error) if refusal(&error) == Refusal::Denied => {
                    self.notice(&format!(
                        "without logs:FilterLogEvents on the log group {}, the nodes' views are not looked at",
                        log.group
                    ));
                    return Ok((None, BTreeSet::new()));
                }
                Err(error) => {
                    self.log.replace(Some(log));
                    return Err(error);
                }
            };
            for (at, line) in lines {
                if let Some(view) = views::parse(&line, &self.cluster_name) {
                    views.insert(task.id.clone(), Logged { at, view });
                } else if views::is_refusal(&line) {
                    refused.insert(task.id.clone());
                }
            }
        }
        self.log.replace(Some(log));
        Ok((Some(views), refused))
    }
}

/// The service, or an error that names what is there instead.
async fn service(ecs: &Ecs, names: &Names) -> Result<Service> {
    let Names {
        cluster,
        service: name,
        ..
    } = names;
    let region = ecs.region();
    let found = match ecs.service(name).await {
        Err(error) if refusal(&error) == Refusal::Missing => {
            return Err(Error::usage(format!(
                "`cluster` is {:?}: there is no such ECS cluster in {region}",
                cluster
            ))
            .hint(instead(cluster, "clusters", ecs.cluster_names().await)));
        }
        Err(error) => return Err(allow(error, "ecs:DescribeServices")),
        Ok(found) => found.filter(|service| service.status != "INACTIVE"),
    };
    match found {
        Some(service) => Ok(service),
        None => Err(Error::usage(format!(
            "`service` is {name:?}: there is no such service in the cluster {}, {region}",
            cluster
        ))
        .hint(instead(name, "services", ecs.service_names().await))),
    }
}

/// Bad input told from a refusal: a bucket that is not there, or is somewhere else.
async fn explain_bucket(s3: &S3, place: &Place, error: Error) -> Error {
    let Place { bucket, .. } = place;
    match error.code() {
        Some("NoSuchBucket") => Error::usage(format!("there is no bucket {bucket:?}"))
            .hint(instead(bucket, "buckets", s3.bucket_names().await)),
        Some("PermanentRedirect" | "AuthorizationHeaderMalformed" | "IllegalLocationConstraintException") => {
            Error::usage(format!("the bucket {bucket} is not in {}", s3.region())).hint(
                "Set JGROUPS_AWS_S3_REGION_NAME of the tasks, or AWS_REGION of this step, to the region of the bucket.",
            )
        }
        _ => error,
    }
}

/// A denial with the permissions to grant.
fn allow(error: Error, actions: &str) -> Error {
    if refusal(&error) == Refusal::Denied {
        return error.hint(format!("Allow the role of this step {actions}."));
    }
    error
}
