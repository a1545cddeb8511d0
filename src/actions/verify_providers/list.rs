//! What the lock has, and what the checks mean: nothing is read but the lock, nothing is written.

use super::Outputs;
use super::args::Args;
use super::checks::{self, ALL};
use crate::action::Context;
use crate::error::{Error, Result};
use crate::runner::cell;

pub(super) fn run(args: &Args, context: &Context) -> Result<Outputs> {
    let (lock, _) = args.locked()?;
    let mut table = "| jar | size in kB | origin | implements |\n|---|---:|---|---|\n".to_owned();
    let mut size = 0;
    for jar in &lock.providers {
        let interfaces: Vec<&str> = jar
            .spi
            .iter()
            .map(|name| name.rsplit('.').next().unwrap_or(name))
            .collect();
        let signed = jar
            .signature
            .as_deref()
            .map(|key| format!(", signed by {key}"));
        let origin = format!("{}{}", jar.origin, signed.unwrap_or_default());
        context.runner.line(format!(
            "{}  {} kB  {}{}{}",
            jar.name(),
            jar.size.div_ceil(1000),
            origin,
            if interfaces.is_empty() { "" } else { "  " },
            interfaces.join(", ")
        ));
        table += &format!(
            "| {} | {} | {} | {} |\n",
            cell(&jar.name()),
            jar.size.div_ceil(1000),
            cell(&origin),
            cell(&interfaces.join(", "))
        );
        size += jar.size;
    }
    let count = lock.providers.len();
    context.runner.line(format!(
        "{count} locked for Keycloak {}, {} kB together",
        lock.keycloak,
        size.div_ceil(1000)
    ));
    context.runner.summary(&format!(
        "### verify-providers: {count} locked for Keycloak {}\n\n{table}",
        lock.keycloak
    ))?;
    Ok(Outputs {
        providers_digest: lock.digest(),
        count,
        ..Outputs::default()
    })
}

pub(super) fn explain(args: &Args, context: &Context) -> Result<Outputs> {
    let wanted = match &args.check {
        None => ALL.iter().collect(),
        Some(name) => vec![checks::find(name).ok_or_else(|| {
            Error::usage(format!(
                "`check` is {name:?}, and there is no check of that name"
            ))
            .hint(format!("There are {}.", checks::names()))
        })?],
    };
    let texts: Vec<String> = wanted.into_iter().map(checks::explained).collect();
    context.runner.line(texts.join("\n\n"));
    Ok(Outputs::default())
}
