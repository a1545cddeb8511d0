/// How the nodes find each other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Discovery {
    /// Through a list of peers in an S3 bucket.
    #[default]
    S3Ping,
    /// Through a table of Keycloak's database, which this action does not read: the views in the log are the evidence.
    JdbcPing,
}

/// Inputs of `check-cluster`.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// ECS cluster of the service: its name or ARN
    #[arg(long, value_name = "CLUSTER")]
    pub cluster: String,
    /// ECS service that runs the nodes: its name or ARN
    #[arg(long, value_name = "SERVICE")]
    pub service: String,
    /// How the nodes find each other: `s3-ping`, or `jdbc-ping`, for which the log is the only evidence
    #[arg(long, value_enum, default_value_t)]
    pub discovery: Discovery,
    /// Bucket of the list of peers; by default `JGROUPS_AWS_S3_BUCKET_NAME` of the task definition
    #[arg(long, value_name = "BUCKET")]
    pub bucket: Option<String>,
    /// Prefix of the list of peers in its bucket; by default `JGROUPS_AWS_S3_BUCKET_PREFIX` of the task definition
    #[arg(long, value_name = "PREFIX")]
    pub prefix: Option<String>,
    /// Name of the JGroups cluster, as in `Starting JGroups channel` in the log
    #[arg(long, value_name = "NAME", default_value = "ISPN")]
    pub cluster_name: String,
    /// Number of nodes that there should be; by default the desired count of the service
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u16).range(1..))]
    pub expect: Option<u16>,
    /// Seconds to wait for nodes that are still finding each other, 1 to 86400
    #[arg(long, value_name = "SECONDS", default_value_t = 300, value_parser = clap::value_parser!(u32).range(1..=86_400))]
    pub timeout_seconds: u32,
}
