//! Task definitions as raw JSON: the bytes of an answer are kept before the SDK forgets fields that it does not know,
//! and the body of a request is replaced before it is signed.

use std::sync::{Arc, Mutex, PoisonError};

use aws_sdk_ecs::config::interceptors::AfterDeserializationInterceptorContextRef;
use aws_sdk_ecs::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_ecs::error::BoxError;
use aws_sdk_ecs::types::TaskDefinitionField;

use super::Ecs;
use crate::aws::explain;
use crate::domain::task_definition::TaskDefinition;
use crate::error::{Error, Result};

/// Keeps the body of the last answer.
#[derive(Clone, Debug, Default)]
struct Keep(Arc<Mutex<Option<Vec<u8>>>>);

impl Intercept for Keep {
    fn name(&self) -> &'static str {
        "KeepBody"
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let body = context.response().body().bytes().map(<[u8]>::to_vec);
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = body;
        Ok(())
    }
}

impl Ecs {
    /// A task definition by its ARN, `family:revision` or `family`, with its tags.
    pub async fn task_definition(&self, name: &str) -> Result<TaskDefinition> {
        let kept = Keep::default();
        self.client
            .describe_task_definition()
            .task_definition(name)
            .include(TaskDefinitionField::Tags)
            .customize()
            .interceptor(kept.clone())
            .send()
            .await
            .map_err(|error| {
                explain(
                    &format!(
                        "could not look at the task definition {name} in {}",
                        self.region
                    ),
                    &error,
                )
            })?;
        let body = kept.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        let body = body
            .and_then(|body| String::from_utf8(body).ok())
            .ok_or_else(|| Error::bug("the answer of DescribeTaskDefinition was not kept"))?;
        TaskDefinition::from_answer(&body)
    }

    /// Registers a task definition; answers its ARN.
    pub async fn register(&self, definition: &TaskDefinition) -> Result<String> {
        let family = definition.family().to_owned();
        let body = definition.request()?;
        let length = body.len().to_string();
        let answer = self
            .client
            .register_task_definition()
            .family(&family)
            .customize()
            .mutate_request(move |request| {
                *request.body_mut() = body.clone().into();
                request
                    .headers_mut()
                    .insert("content-length", length.clone());
            })
            .send()
            .await
            .map_err(|error| {
                explain(
                    &format!(
                        "could not register a revision of {family} in {}",
                        self.region
                    ),
                    &error,
                )
            })?;
        answer
            .task_definition()
            .and_then(|definition| definition.task_definition_arn())
            .map(str::to_owned)
            .ok_or_else(|| Error::refused(format!("ECS registered {family} without an ARN")))
    }
}
