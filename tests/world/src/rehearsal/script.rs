//! What is played, in which order.

use std::path::{Path, PathBuf};

use clap::ValueEnum;

use super::acts::Company;
use super::report::Report;
use super::{breaks, story::Story};

/// A fault to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Fault {
    /// The deploy role trusts another environment than the job's.
    AccessDenied,
    /// A pull request adds a provider jar that shadows one of Keycloak's own.
    BadJar,
    /// The new image's Keycloak exits as soon as it has started.
    CrashLoop,
    /// A second release never gets healthy, and ECS rolls it back.
    Rollback,
    /// The nodes cannot reach each other on the ports of JGroups.
    SplitCluster,
    /// The pull request with the tag is merged with `GITHUB_TOKEN`.
    Token,
}

impl Fault {
    /// What is wrong, in a sentence.
    const fn planted(self) -> &'static str {
        match self {
            Self::AccessDenied => "the deploy role trusts another environment than the job's",
            Self::BadJar => "a pull request adds a jar that shadows one of Keycloak's own",
            Self::CrashLoop => "the Keycloak of the new image ends soon after it has started",
            Self::Rollback => "a second release never gets healthy, and ECS takes it back",
            Self::SplitCluster => "the nodes cannot reach each other on the ports of JGroups",
            Self::Token => "the pull request with the tag is merged with GITHUB_TOKEN",
        }
    }

    /// What the stage that fails is called, and what it says to the user.
    const fn shows(self) -> (&'static str, &'static str) {
        const DEPLOYED: &str = "The tag is deployed";
        match self {
            Self::AccessDenied => (DEPLOYED, "Not authorized to perform sts:AssumeRole"),
            Self::BadJar => ("is checked", "jgroups-5.5.2.Final.jar"),
            Self::CrashLoop => (DEPLOYED, "exit code 1"),
            Self::Rollback => (DEPLOYED, "circuit breaker"),
            Self::SplitCluster => (DEPLOYED, "7800"),
            Self::Token => (DEPLOYED, "GITHUB_TOKEN"),
        }
    }

    /// Whether the fault showed where it was to show, and nowhere else; in words.
    fn verdict(self, failures: &[(&str, &str)]) -> Result<String, String> {
        let (stage, text) = self.shows();
        match failures {
            [(title, reason)] if title.contains(stage) && reason.contains(text) => Ok(format!(
                "the fault showed as meant, in the stage \"{title}\"; a user reads:\n{reason}"
            )),
            _ => Err(format!(
                "the fault did not show as meant: the stage \"{stage}\" alone should have failed, and said \"{text}\""
            )),
        }
    }
}

/// How a rehearsal ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Played {
    /// Every stage did its work.
    Well,
    /// A stage failed; with a fault, the one that was to fail, as it was to.
    Failed,
    /// A fault was planted, and showed in another way or not at all; or there was nothing to play in.
    Otherwise,
}

/// What a rehearsal is made from.
pub struct Script {
    /// Checkout of the product.
    pub product: PathBuf,
    /// Folder with the product's binaries.
    pub binaries: PathBuf,
    /// Folder that is kept between rehearsals.
    pub cache: PathBuf,
    /// Folder for everything that this rehearsal writes; emptied first.
    pub folder: PathBuf,
    pub fault: Option<Fault>,
}

impl Script {
    /// Plays the story.
    pub async fn play(&self) -> Played {
        let mut story = Story::default();
        let _lock = match lock(&self.cache) {
            Ok(lock) => lock,
            Err(reason) => {
                story.say(&reason);
                return Played::Otherwise;
            }
        };
        let mut report = Report::new(self.fault);
        for line in report.stand_ins() {
            story.say(line);
        }
        if let Some(fault) = self.fault {
            story.say(&format!("planted: {}", fault.planted()));
        }
        let played = self.stages(&mut story, &mut report).await;
        story.say(&format!("\n{}", story.timeline()));
        if let (Err(reason), true) = (&played, story.failures().is_empty()) {
            story.say(&format!("between the stages: {reason}"));
        }
        let file = self.folder.join("report.md");
        if let Err(error) = std::fs::write(&file, report.markdown(&story)) {
            story.say(&format!("could not write {}: {error}", file.display()));
            return Played::Otherwise;
        }
        let verdict = self.fault.map(|fault| fault.verdict(&story.failures()));
        if let Some(Ok(told) | Err(told)) = &verdict {
            story.say(told);
        }
        story.say(&format!("report: {}", file.display()));
        match verdict {
            Some(Err(_)) => Played::Otherwise,
            Some(Ok(_)) => Played::Failed,
            None if played.is_ok() && story.succeeded() => Played::Well,
            None => Played::Failed,
        }
    }

    async fn stages(&self, story: &mut Story, report: &mut Report) -> Result<(), String> {
        if self.folder.exists() {
            std::fs::remove_dir_all(&self.folder).map_err(|error| error.to_string())?;
        }
        std::fs::create_dir_all(&self.folder).map_err(|error| error.to_string())?;
        let places = Places {
            product: absolute(&self.product)?,
            binaries: absolute(&self.binaries)?,
            folder: absolute(&self.folder)?,
            tools: absolute(&self.cache)?.join("tool-cache"),
        };
        let mut company = Company::found(story, report, &places, self.fault).await?;
        match self.fault {
            None => company.happy_path().await,
            Some(fault) => breaks::play(&mut company, fault).await,
        }
    }
}

/// One rehearsal at a time in a cache: it empties its folder first.
fn lock(cache: &Path) -> Result<std::fs::File, String> {
    let path = cache.join("rehearsal.lock");
    let told = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
    std::fs::create_dir_all(cache).map_err(|error| told(&error))?;
    let file = std::fs::File::create(&path).map_err(|error| told(&error))?;
    file.try_lock().map_err(|_| {
        format!(
            "another rehearsal holds {}; wait until it is over",
            path.display()
        )
    })?;
    Ok(file)
}

/// Folders, all absolute.
pub struct Places {
    pub product: PathBuf,
    pub binaries: PathBuf,
    pub folder: PathBuf,
    /// The runner's tool cache: kept, as on a self-hosted runner.
    pub tools: PathBuf,
}

fn absolute(path: &Path) -> Result<PathBuf, String> {
    std::fs::canonicalize(path).map_err(|error| format!("{}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_makefile_knows_every_fault() {
        let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
        let makefile = std::fs::read_to_string(format!("{root}/Makefile")).unwrap();
        let names: Vec<String> = Fault::value_variants()
            .iter()
            .filter_map(|fault| Some(fault.to_possible_value()?.get_name().to_owned()))
            .collect();
        let line = format!("\nFAULTS := {}\n", names.join(" "));
        assert!(makefile.contains(&line), "no {line:?} in the Makefile");
        let shown = format!("BREAK={}", names.join("|"));
        assert!(makefile.contains(&shown), "no {shown:?} in the Makefile");
    }
}
