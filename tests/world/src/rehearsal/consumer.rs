//! The repository of a team that uses the product: copies of `workflows/`, `docker/` and `terraform/`.

use std::path::{Path, PathBuf};

use serde_yaml::Value;

use super::shell::{git, run};

/// The jar that the team does not have at first; its pull request adds it.
pub const NEW_PROVIDER: &str = "software.amazon.awssdk:utils-lite";

/// A clone of the consumer's repository on a person's machine.
pub struct Consumer {
    pub folder: PathBuf,
    product: PathBuf,
}

impl Consumer {
    /// Copies what a team copies, as the README tells it, with one provider less than the product has.
    pub async fn create(product: &Path, folder: &Path, remote: &str) -> Result<Self, String> {
        std::fs::create_dir_all(folder.join(".github")).map_err(told)?;
        let consumer = Self {
            folder: folder.to_owned(),
            product: product.to_owned(),
        };
        for (from, to) in [
            ("docker", "docker"),
            ("terraform", "terraform"),
            ("workflows", ".github/workflows"),
        ] {
            consumer.copy_tracked(from, to).await?;
        }
        consumer.leave_out("docker/providers.yml")?;
        consumer.leave_out("docker/providers.lock")?;
        git(folder, &["init", "--quiet", "--initial-branch=main"]).await?;
        git(folder, &["add", "--all"]).await?;
        git(folder, &["commit", "--quiet", "-m", "Keycloak on ECS"]).await?;
        git(folder, &["remote", "add", "origin", remote]).await?;
        git(
            folder,
            &["push", "--quiet", "--set-upstream", "origin", "main"],
        )
        .await?;
        Ok(consumer)
    }

    /// Pushes a branch that adds the provider which the product has and the team has not.
    pub async fn propose_provider(&self, branch: &str) -> Result<(), String> {
        git(&self.folder, &["switch", "--quiet", "--create", branch]).await?;
        for file in ["docker/providers.yml", "docker/providers.lock"] {
            std::fs::copy(self.product.join(file), self.folder.join(file)).map_err(told)?;
        }
        git(
            &self.folder,
            &["commit", "--quiet", "--all", "-m", "Add utils-lite"],
        )
        .await?;
        git(&self.folder, &["push", "--quiet", "origin", branch]).await?;
        Ok(())
    }

    async fn copy_tracked(&self, from: &str, to: &str) -> Result<(), String> {
        let files = git(&self.product, &["ls-files", "--", from]).await?;
        for file in files.lines() {
            let inner = file
                .strip_prefix(from)
                .unwrap_or(file)
                .trim_start_matches('/');
            let target = self.folder.join(to).join(inner);
            let parent = target.parent().ok_or("a file has a folder")?;
            std::fs::create_dir_all(parent).map_err(told)?;
            run(
                &self.product,
                "cp",
                &["--preserve=mode", file, &target.to_string_lossy()],
                &[],
            )
            .await?;
        }
        Ok(())
    }

    /// Removes the new provider from a list of providers.
    fn leave_out(&self, file: &str) -> Result<(), String> {
        let path = self.folder.join(file);
        let text = std::fs::read_to_string(&path).map_err(told)?;
        let mut document: Value = serde_yaml::from_str(&text).map_err(|error| error.to_string())?;
        let providers = document
            .get_mut("providers")
            .and_then(Value::as_sequence_mut)
            .ok_or_else(|| format!("{file} has no list of providers"))?;
        providers.retain(|provider| {
            let name = provider
                .as_str()
                .or_else(|| provider.get("coordinates").and_then(Value::as_str));
            !name.is_some_and(|name| name.starts_with(NEW_PROVIDER))
        });
        let text = serde_yaml::to_string(&document).map_err(|error| error.to_string())?;
        std::fs::write(&path, text).map_err(told)
    }
}

fn told(error: std::io::Error) -> String {
    error.to_string()
}
