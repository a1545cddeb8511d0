//! The rest of the world, as far as tasks need it: the registry and CloudWatch Logs.

use std::sync::Arc;

use super::engine::{Image, Outside};
use crate::World;

/// A world, if it is there yet.
pub struct Surroundings(pub Option<Arc<World>>);

impl Outside for Surroundings {
    fn image(&self, image: &str) -> Image {
        let Some(world) = &self.0 else {
            return Image::Foreign;
        };
        let registry = world.urls.registry.trim_start_matches("http://");
        let Some(path) = image
            .strip_prefix(registry)
            .and_then(|rest| rest.strip_prefix('/'))
        else {
            return Image::Foreign;
        };
        let (repository, reference) = path
            .split_once('@')
            .or_else(|| path.split_once(':'))
            .unwrap_or((path, "latest"));
        let repository = repository.split(':').next().unwrap_or(repository);
        match world.ecr.image(repository, reference) {
            Some(found) => Image::Found(found.digest, found.architecture),
            None => Image::Missing,
        }
    }

    fn log(&self, group: &str, stream: &str, at: f64, lines: &[String]) {
        if let Some(world) = &self.0 {
            world.logs.put_at(group, stream, at, lines);
        }
    }
}
