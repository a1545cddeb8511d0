//! Cancelling: of a run all jobs, of a matrix all legs.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use tokio::sync::watch;

/// Something that can be cancelled once. A child is cancelled with its parent.
#[derive(Clone, Debug)]
pub(in crate::github) struct Cancel(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    reason: watch::Sender<Option<String>>,
    parent: Option<Cancel>,
}

impl Cancel {
    pub(in crate::github) fn new() -> Self {
        Self::with(None)
    }

    fn with(parent: Option<Self>) -> Self {
        let reason = watch::Sender::new(None);
        Self(Arc::new(Inner { reason, parent }))
    }

    pub(super) fn child(&self) -> Self {
        Self::with(Some(self.clone()))
    }

    /// The first reason stays.
    pub(in crate::github) fn cancel(&self, why: &str) {
        self.0.reason.send_if_modified(|reason| {
            let first = reason.is_none();
            if first {
                *reason = Some(why.to_owned());
            }
            first
        });
    }

    /// Why it was cancelled, if it was.
    pub(super) fn reason(&self) -> Option<String> {
        let own = self.0.reason.borrow().clone();
        own.or_else(|| self.0.parent.as_ref()?.reason())
    }

    /// Waits for it.
    pub(super) fn cancelled(&self) -> Pin<Box<dyn Future<Output = String> + Send + '_>> {
        Box::pin(async move {
            let mut reason = self.0.reason.subscribe();
            let own = async {
                let told = reason.wait_for(Option::is_some).await;
                told.ok().and_then(|told| told.clone()).unwrap_or_default()
            };
            match &self.0.parent {
                None => own.await,
                Some(parent) => tokio::select! {
                    reason = own => reason,
                    reason = parent.cancelled() => reason,
                },
            }
        })
    }
}
