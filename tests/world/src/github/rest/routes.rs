//! Which path is which endpoint, and which permission it asks for.

use std::sync::Arc;

use axum::Router;
use axum::routing::{delete, get, patch, post, put};

use super::{actions, commits, contents, issues, objects, people, pulls, references, repositories};
use crate::World;
use crate::github::access::Needs;
use crate::github::api::{Answer, Call, Failure, endpoint};

const READ: Needs = Needs::read("contents");
const WRITE: Needs = Needs::write("contents");
const METADATA: Needs = Needs::read("metadata");
const PULLS: Needs = Needs::read("pull-requests");
const PULLS_WRITE: Needs = Needs::write("pull-requests");
const ACTIONS: Needs = Needs::read("actions");
const ACTIONS_WRITE: Needs = Needs::write("actions");

/// All endpoints, under `/api`, and under `/api/v3` where an Enterprise Server has them.
pub fn router(world: Arc<World>) -> Router {
    Router::new()
        .nest("/api", endpoints())
        .nest("/api/v3", endpoints())
        .with_state(world)
}

fn endpoints() -> Router<Arc<World>> {
    let repository = Router::new()
        .merge(git())
        .merge(work())
        .route("/", get(endpoint(METADATA, repositories::get)))
        .route("/forks", post(endpoint(METADATA, repositories::fork)))
        .route("/tags", get(endpoint(METADATA, repositories::tags)))
        .route(
            "/branches/{branch}",
            get(endpoint(READ, repositories::branch)),
        )
        .route(
            "/actions/variables",
            get(endpoint(Needs::read("variables"), actions::variables)),
        )
        .route("/actions/runs", get(endpoint(ACTIONS, actions::runs)))
        .route(
            "/actions/runs/{run_id}",
            get(endpoint(ACTIONS, actions::run)),
        )
        .route(
            "/actions/runs/{run_id}/jobs",
            get(endpoint(ACTIONS, actions::jobs)),
        )
        .route(
            "/actions/runs/{run_id}/cancel",
            post(endpoint(ACTIONS_WRITE, actions::cancel)),
        )
        .route(
            "/actions/workflows/{workflow_id}/dispatches",
            post(endpoint(ACTIONS_WRITE, actions::dispatch)),
        )
        .route(
            "/dispatches",
            post(endpoint(WRITE, actions::repository_dispatch)),
        );
    Router::new()
        .route("/user", get(endpoint(METADATA, repositories::user)))
        .route(
            "/user/repos",
            post(endpoint(METADATA, repositories::create)),
        )
        .nest("/repos/{owner}/{repo}", repository)
        .route("/{*rest}", axum::routing::any(endpoint(METADATA, unknown)))
}

/// git's references and objects, and files.
fn git() -> Router<Arc<World>> {
    Router::new()
        .route("/git/ref/{*ref}", get(endpoint(READ, references::get)))
        .route(
            "/git/matching-refs/{*ref}",
            get(endpoint(READ, references::matching)),
        )
        .route("/git/refs", post(endpoint(WRITE, references::create)))
        .route(
            "/git/refs/{*ref}",
            patch(endpoint(WRITE, references::update))
                .merge(delete(endpoint(WRITE, references::delete))),
        )
        .route("/git/tags", post(endpoint(WRITE, objects::create_tag)))
        .route("/git/tags/{tag_sha}", get(endpoint(READ, objects::tag)))
        .route(
            "/git/commits",
            post(endpoint(WRITE, objects::create_commit)),
        )
        .route(
            "/git/commits/{commit_sha}",
            get(endpoint(READ, objects::commit)),
        )
        .route("/git/trees", post(endpoint(WRITE, objects::create_tree)))
        .route("/git/trees/{tree_sha}", get(endpoint(READ, objects::tree)))
        .route("/git/blobs", post(endpoint(WRITE, objects::create_blob)))
        .route("/git/blobs/{file_sha}", get(endpoint(READ, objects::blob)))
        .route("/contents/", get(endpoint(READ, contents::get)))
        .route(
            "/contents/{*path}",
            get(endpoint(READ, contents::get)).merge(put(endpoint(WRITE, contents::put))),
        )
        .route("/commits", get(endpoint(READ, commits::list)))
        .route("/commits/{ref}", get(endpoint(READ, commits::get)))
        .route("/commits/{ref}/pulls", get(endpoint(PULLS, commits::pulls)))
        .route("/commits/{ref}/{*rest}", get(endpoint(READ, commits::get)))
        .route(
            "/compare/{*basehead}",
            get(endpoint(READ, commits::compare)),
        )
}

/// Pull requests and what hangs on them.
fn work() -> Router<Arc<World>> {
    Router::new()
        .route(
            "/pulls",
            get(endpoint(PULLS, pulls::list)).merge(post(endpoint(PULLS_WRITE, pulls::create))),
        )
        .route(
            "/pulls/{pull_number}",
            get(endpoint(PULLS, pulls::get)).merge(patch(endpoint(PULLS_WRITE, pulls::update))),
        )
        .route(
            "/pulls/{pull_number}/files",
            get(endpoint(PULLS, pulls::files)),
        )
        .route(
            "/pulls/{pull_number}/merge",
            put(endpoint(WRITE, pulls::merge)),
        )
        .route(
            "/pulls/{pull_number}/requested_reviewers",
            post(endpoint(PULLS_WRITE, people::request_reviews)),
        )
        .route(
            "/issues/{issue_number}",
            patch(endpoint(PULLS_WRITE, people::update_issue)),
        )
        .route(
            "/issues/{issue_number}/assignees",
            post(endpoint(PULLS_WRITE, people::add_assignees)),
        )
        .route(
            "/issues/{issue_number}/labels",
            get(endpoint(PULLS, issues::labels))
                .merge(post(endpoint(PULLS_WRITE, issues::add_labels))),
        )
        .route(
            "/issues/{issue_number}/comments",
            get(endpoint(PULLS, issues::comments))
                .merge(post(endpoint(PULLS_WRITE, issues::add_comment))),
        )
        .route(
            "/issues/comments/{comment_id}",
            patch(endpoint(PULLS_WRITE, issues::update_comment)),
        )
}

async fn unknown(_: Call) -> Result<Answer, Failure> {
    Err(Failure::not_found())
}
