//! The part of GitHub's schema that is played: types, their fields, and the arguments of those.

/// One object type or interface.
pub struct Type {
    pub name: &'static str,
    pub fields: &'static [Field],
}

/// One field.
pub struct Field {
    pub name: &'static str,
    /// The type of what it holds; empty for scalars and enums.
    pub of: &'static str,
    pub arguments: &'static [&'static str],
}

const fn leaf(name: &'static str) -> Field {
    with(name, "", &[])
}

const fn object(name: &'static str, of: &'static str) -> Field {
    with(name, of, &[])
}

const fn with(name: &'static str, of: &'static str, arguments: &'static [&'static str]) -> Field {
    Field {
        name,
        of,
        arguments,
    }
}

const PAGE: &[&str] = &["first", "last", "after", "before"];

const INTERFACES: [(&str, &[&str]); 4] = [
    ("GitObject", &["Blob", "Commit", "Tree", "Tag"]),
    ("Actor", &["User", "Bot"]),
    ("RepositoryOwner", &["User"]),
    (
        "Node",
        &[
            "Blob",
            "Bot",
            "Commit",
            "PullRequest",
            "Ref",
            "Repository",
            "Tag",
            "Tree",
            "User",
        ],
    ),
];

/// A type by its name.
pub fn find(name: &str) -> Option<&'static Type> {
    TYPES.iter().find(|candidate| candidate.name == name)
}

/// Whether an object of type `concrete` is also a `wanted`.
pub fn is_a(concrete: &str, wanted: &str) -> bool {
    concrete == wanted
        || INTERFACES
            .iter()
            .any(|(name, types)| *name == wanted && types.contains(&concrete))
}

/// Whether a fragment on `condition` can apply inside `parent`.
pub fn overlap(parent: &str, condition: &str) -> bool {
    TYPES
        .iter()
        .any(|concrete| is_a(concrete.name, parent) && is_a(concrete.name, condition))
}

impl Type {
    pub fn field(&self, name: &str) -> Option<&'static Field> {
        self.fields.iter().find(|field| field.name == name)
    }
}

static TYPES: [Type; 27] = [
    Type {
        name: "Query",
        fields: &[
            object("viewer", "User"),
            with(
                "repository",
                "Repository",
                &["owner", "name", "followRenames"],
            ),
        ],
    },
    Type {
        name: "Mutation",
        fields: &[
            with(
                "createCommitOnBranch",
                "CreateCommitOnBranchPayload",
                &["input"],
            ),
            with("createRef", "CreateRefPayload", &["input"]),
            with(
                "enablePullRequestAutoMerge",
                "EnablePullRequestAutoMergePayload",
                &["input"],
            ),
            with(
                "enqueuePullRequest",
                "EnqueuePullRequestPayload",
                &["input"],
            ),
            with("updateRefs", "UpdateRefsPayload", &["input"]),
        ],
    },
    Type {
        name: "UpdateRefsPayload",
        fields: &[leaf("clientMutationId")],
    },
    Type {
        name: "EnqueuePullRequestPayload",
        fields: &[
            leaf("clientMutationId"),
            object("mergeQueueEntry", "MergeQueueEntry"),
        ],
    },
    Type {
        name: "MergeQueueEntry",
        fields: &[leaf("position"), object("pullRequest", "PullRequest")],
    },
    Type {
        name: "CreateCommitOnBranchPayload",
        fields: &[
            leaf("clientMutationId"),
            object("commit", "Commit"),
            object("ref", "Ref"),
        ],
    },
    Type {
        name: "CreateRefPayload",
        fields: &[leaf("clientMutationId"), object("ref", "Ref")],
    },
    Type {
        name: "EnablePullRequestAutoMergePayload",
        fields: &[
            leaf("clientMutationId"),
            object("actor", "Actor"),
            object("pullRequest", "PullRequest"),
        ],
    },
    Type {
        name: "User",
        fields: &[leaf("login"), leaf("url"), leaf("id"), leaf("databaseId")],
    },
    Type {
        name: "Bot",
        fields: &[leaf("login"), leaf("url"), leaf("id"), leaf("databaseId")],
    },
    Type {
        name: "Actor",
        fields: &[leaf("login"), leaf("url")],
    },
    Type {
        name: "Node",
        fields: &[leaf("id")],
    },
    Type {
        name: "RepositoryOwner",
        fields: &[leaf("login"), leaf("url"), leaf("id")],
    },
    Type {
        name: "Repository",
        fields: &[
            leaf("id"),
            leaf("databaseId"),
            leaf("name"),
            leaf("nameWithOwner"),
            leaf("url"),
            leaf("isPrivate"),
            leaf("isFork"),
            leaf("autoMergeAllowed"),
            leaf("mergeCommitAllowed"),
            leaf("squashMergeAllowed"),
            leaf("rebaseMergeAllowed"),
            object("owner", "RepositoryOwner"),
            object("defaultBranchRef", "Ref"),
            with("ref", "Ref", &["qualifiedName"]),
            with("object", "GitObject", &["expression", "oid"]),
            with("pullRequest", "PullRequest", &["number"]),
            with(
                "pullRequests",
                "PullRequestConnection",
                &[
                    "first",
                    "last",
                    "after",
                    "before",
                    "states",
                    "headRefName",
                    "baseRefName",
                ],
            ),
        ],
    },
    Type {
        name: "Ref",
        fields: &[
            leaf("id"),
            leaf("name"),
            leaf("prefix"),
            object("target", "GitObject"),
            object("repository", "Repository"),
        ],
    },
    Type {
        name: "GitObject",
        fields: &[leaf("id"), leaf("oid"), leaf("abbreviatedOid")],
    },
    Type {
        name: "Blob",
        fields: &[
            leaf("id"),
            leaf("oid"),
            leaf("abbreviatedOid"),
            leaf("text"),
            leaf("byteSize"),
            leaf("isBinary"),
            leaf("isTruncated"),
        ],
    },
    Type {
        name: "Commit",
        fields: &[
            leaf("id"),
            leaf("oid"),
            leaf("abbreviatedOid"),
            leaf("url"),
            leaf("message"),
            leaf("messageHeadline"),
            leaf("messageBody"),
            leaf("committedDate"),
            leaf("authoredDate"),
            object("tree", "Tree"),
        ],
    },
    Type {
        name: "Tree",
        fields: &[
            leaf("id"),
            leaf("oid"),
            leaf("abbreviatedOid"),
            object("entries", "TreeEntry"),
        ],
    },
    Type {
        name: "TreeEntry",
        fields: &[
            leaf("name"),
            leaf("path"),
            leaf("type"),
            leaf("mode"),
            leaf("oid"),
            object("object", "GitObject"),
        ],
    },
    Type {
        name: "Tag",
        fields: &[
            leaf("id"),
            leaf("oid"),
            leaf("abbreviatedOid"),
            leaf("name"),
            leaf("message"),
            object("target", "GitObject"),
        ],
    },
    Type {
        name: "PullRequest",
        fields: &[
            leaf("id"),
            leaf("number"),
            leaf("title"),
            leaf("body"),
            leaf("url"),
            leaf("state"),
            leaf("isDraft"),
            leaf("isCrossRepository"),
            leaf("isInMergeQueue"),
            leaf("merged"),
            leaf("mergeable"),
            leaf("mergeStateStatus"),
            leaf("headRefName"),
            leaf("headRefOid"),
            leaf("baseRefName"),
            leaf("baseRefOid"),
            leaf("createdAt"),
            leaf("updatedAt"),
            object("author", "Actor"),
            object("autoMergeRequest", "AutoMergeRequest"),
            with("labels", "LabelConnection", PAGE),
        ],
    },
    Type {
        name: "AutoMergeRequest",
        fields: &[leaf("mergeMethod"), object("enabledBy", "Actor")],
    },
    Type {
        name: "PullRequestConnection",
        fields: &[
            leaf("totalCount"),
            object("nodes", "PullRequest"),
            object("pageInfo", "PageInfo"),
        ],
    },
    Type {
        name: "LabelConnection",
        fields: &[leaf("totalCount"), object("nodes", "Label")],
    },
    Type {
        name: "Label",
        fields: &[leaf("name")],
    },
    Type {
        name: "PageInfo",
        fields: &[
            leaf("hasNextPage"),
            leaf("hasPreviousPage"),
            leaf("startCursor"),
            leaf("endCursor"),
        ],
    },
];
