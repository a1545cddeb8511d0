//! The story, stage by stage.

use std::path::{Path, PathBuf};

use super::story::Story;
use super::{act, login};
use crate::{Settings, World};

/// Lines of a failed run that are shown.
const TAIL: usize = 25;

/// What a rehearsal is made from.
pub struct Script {
    /// Checkout of the product.
    pub product: PathBuf,
    /// Folder with the product's binaries.
    pub binaries: PathBuf,
    /// Folder for everything that the rehearsal writes; emptied first.
    pub folder: PathBuf,
    /// Plants a role that trusts another environment.
    pub deny_access: bool,
}

impl Script {
    /// Plays all stages; whether each did its work.
    pub async fn play(&self) -> bool {
        let mut story = Story::default();
        story.say("Stand-ins in this rehearsal: GitHub's OIDC issuer and AWS STS (tests/world), and act for the runner.");
        let mut summaries = Vec::new();
        let played = self.stages(&mut story, &mut summaries).await;
        let report = self.folder.join("report.md");
        let text = format!(
            "# Rehearsal\n\n{}\n{}\n",
            story.timeline(),
            summaries.join("\n")
        );
        if let Err(error) = std::fs::write(&report, text) {
            story.say(&format!("could not write {}: {error}", report.display()));
            return false;
        }
        story.say(&format!(
            "\n{}\nreport: {}",
            story.timeline(),
            report.display()
        ));
        played.is_ok() && story.succeeded()
    }

    async fn stages(&self, story: &mut Story, summaries: &mut Vec<String>) -> Result<(), String> {
        let product = absolute(&self.product)?;
        let folder = self.folder.clone();
        let world = story
            .stage("The account and its GitHub", async {
                if folder.exists() {
                    std::fs::remove_dir_all(&folder).map_err(|error| error.to_string())?;
                }
                std::fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
                let world = World::start(Settings::new(folder.join("world")))
                    .await
                    .map_err(|error| error.to_string())?;
                let told = format!(
                    "account {} in {}",
                    world.settings.account, world.settings.region
                );
                Ok((world, told))
            })
            .await?;
        let folder = absolute(&folder)?;
        let checkout = story
            .stage("A checkout of the actions", async {
                let copy = act::rewritten_copy(&product, &folder.join("checkout")).await?;
                for command in [
                    ["init", "--quiet", "--initial-branch=main"],
                    ["add", "--all", "."],
                    ["commit", "--quiet", "--message=Checkout"],
                ] {
                    super::shell::git(&copy, &command).await?;
                }
                let told = "uses: $/ rewritten to ./, which act knows".to_owned();
                Ok((copy, told))
            })
            .await?;
        login::grant(
            &world,
            if self.deny_access {
                "staging"
            } else {
                "production"
            },
        );
        let binaries = absolute(&self.binaries)?;
        let teller = Story::default();
        story
            .stage("A job logs in to AWS and out again", async {
                let ended =
                    login::play(&teller, &world, &checkout, &binaries, &folder.join("act")).await?;
                summaries.extend(ended.summaries);
                if ended.succeeded {
                    let calls = world.journal.count("sts", "AssumeRoleWithWebIdentity");
                    return Ok((
                        (),
                        format!("{calls} call of STS, token verified against the trust policy"),
                    ));
                }
                for line in &ended.log[ended.log.len().saturating_sub(TAIL)..] {
                    teller.say(&format!("    {line}"));
                }
                Err(ended.errors.join("; "))
            })
            .await
    }
}

fn absolute(path: &Path) -> Result<PathBuf, String> {
    std::fs::canonicalize(path).map_err(|error| format!("{}: {error}", path.display()))
}
