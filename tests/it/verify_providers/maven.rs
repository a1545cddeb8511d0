//! Dependency closures beside those of Maven itself, on artifacts of Maven Central. Without the network they fail.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::Command;

use keycloak_ecs_actions::domain::coordinates::Coordinates;
use keycloak_ecs_actions::domain::pom::{Member, Models, Root, Step, resolve, versions};

use crate::support::cache;

/// Few and small.
const FEW: [&str; 3] = [
    "com.github.ben-manes.caffeine:caffeine:3.2.2",
    "com.zaxxer:HikariCP:5.1.0",
    "io.phasetwo.keycloak:keycloak-events:0.53",
];

/// Extensions of Keycloak, drivers and libraries: parents, imports, profiles, exclusions, relocations, classifiers.
const MANY: [&str; 24] = [
    "org.jgroups.aws:jgroups-aws:4.0.0.Final",
    "software.amazon.awssdk:s3:2.40.9",
    "software.amazon.awssdk:dynamodb:2.31.50",
    "io.phasetwo.keycloak:keycloak-orgs:0.115",
    "org.postgresql:postgresql:42.7.7",
    "com.mysql:mysql-connector-j:9.3.0",
    "com.microsoft.sqlserver:mssql-jdbc:12.10.1.jre11",
    "org.mariadb.jdbc:mariadb-java-client:3.5.3",
    "com.oracle.database.jdbc:ojdbc11:23.8.0.25.04",
    "org.springframework.boot:spring-boot-starter-web:3.5.0",
    "org.hibernate.orm:hibernate-core:6.6.15.Final",
    "io.quarkus:quarkus-rest-jackson:3.22.3",
    "org.apache.kafka:kafka-clients:3.9.1",
    "com.google.guava:guava:33.4.8-jre",
    "com.google.cloud:google-cloud-storage:2.52.2",
    "com.azure:azure-identity:1.16.1",
    "io.netty:netty-all:4.1.126.Final",
    "org.apache.httpcomponents.client5:httpclient5:5.5",
    "org.slf4j:slf4j-log4j12:1.7.36",
    "com.twilio.sdk:twilio:10.9.2",
    "org.bouncycastle:bcpkix-jdk18on:1.81",
    "com.nimbusds:nimbus-jose-jwt:10.3",
    "org.infinispan:infinispan-core:15.2.1.Final",
    "io.micrometer:micrometer-registry-prometheus:1.15.0",
];

#[test]
fn a_few_closures_are_those_of_maven() {
    compare(&FEW);
}

#[test]
#[ignore = "many POM files, twice: in make test-full"]
fn many_closures_are_those_of_maven() {
    compare(&MANY);
}

fn compare(all: &[&str]) {
    let mut wrong = Vec::new();
    for coordinates in all {
        let (maven, ours) = (by_maven(coordinates), by_us(coordinates));
        // Not captured: what was compared is what a review reads.
        let told = format!("{coordinates}: Maven {}, we {}\n", maven.len(), ours.len());
        std::io::stdout().write_all(told.as_bytes()).unwrap();
        if maven != ours {
            let only = |a: &BTreeSet<String>, b: &BTreeSet<String>| {
                a.difference(b).cloned().collect::<Vec<_>>()
            };
            wrong.push(format!(
                "{coordinates}: only Maven {:?}, only we {:?}",
                only(&maven, &ours),
                only(&ours, &maven)
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// `group:artifact:type[:classifier]:version` of all that Maven puts on a class path.
fn by_maven(coordinates: &str) -> BTreeSet<String> {
    let folder = tempfile::tempdir().unwrap();
    let parts: Vec<&str> = coordinates.split(':').collect();
    let pom = format!(
        "<project><modelVersion>4.0.0</modelVersion><groupId>x</groupId><artifactId>x</artifactId><version>1</version>
         <dependencies><dependency><groupId>{}</groupId><artifactId>{}</artifactId><version>{}</version></dependency></dependencies></project>",
        parts[0], parts[1], parts[2]
    );
    std::fs::write(folder.path().join("pom.xml"), pom).unwrap();
    let output = Command::new("mvn")
        .args([
            "--batch-mode",
            "--quiet",
            "dependency:list",
            "-DincludeScope=runtime",
            "-DoutputFile=list",
            "-Dsilent",
        ])
        .arg(format!(
            "-Dmaven.repo.local={}",
            local_repository().display()
        ))
        .current_dir(folder.path())
        .output()
        .expect("Maven is installed");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success(),
        "Maven could not resolve {coordinates}: is Maven Central within reach? {said}"
    );
    let list = std::fs::read_to_string(folder.path().join("list")).unwrap();
    list.lines().filter_map(artifact).collect()
}

/// A line such as `   g:a:jar:1.0:compile -- module x`.
fn artifact(line: &str) -> Option<String> {
    let line = line.trim().split(' ').next()?;
    let (artifact, scope) = line.rsplit_once(':')?;
    ["compile", "runtime"]
        .contains(&scope)
        .then(|| artifact.to_owned())
}

/// The same by our rules, from the POM files that Maven downloaded.
fn by_us(coordinates: &str) -> BTreeSet<String> {
    let mut models = Models::default();
    let root = Root {
        coordinates: coordinates.parse().unwrap(),
        alone: false,
    };
    loop {
        let step = resolve(std::slice::from_ref(&root), &[], &models);
        let need = match step.unwrap_or_else(|fault| panic!("{coordinates}: {fault}")) {
            Step::Done(closure) => return closure.members.iter().map(shown).collect(),
            Step::Need(need) => need,
        };
        for (group, artifact) in need.versions {
            let folder = local_repository()
                .join(group.replace('.', "/"))
                .join(&artifact);
            let list = std::fs::read_to_string(folder.join("maven-metadata-central.xml"));
            models.add_versions((group, artifact), versions(&list.unwrap()).unwrap());
        }
        for pom in need.poms {
            match std::fs::read_to_string(local_repository().join(pom.path("pom"))) {
                Ok(text) => models.add(pom, &text).unwrap(),
                Err(_) => models.add_absent(pom),
            }
        }
    }
}

fn shown(member: &Member) -> String {
    let Coordinates {
        group,
        artifact,
        version,
        classifier,
    } = &member.coordinates;
    let classifier = classifier
        .as_deref()
        .map_or_else(String::new, |classifier| format!(":{classifier}"));
    format!(
        "{group}:{artifact}:{}{classifier}:{version}",
        member.extension
    )
}

fn local_repository() -> PathBuf {
    cache().join("maven")
}
