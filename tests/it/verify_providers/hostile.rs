//! Input that is made to break what reads it: changed bytes by the thousand, and jars that want all the memory.
//!
//! `KECS_FUZZ=1000000` tries so many inputs for each target; one input is the same in each run.

use std::path::Path;
use std::process::Command;

use keycloak_ecs_actions::domain::archive;
use keycloak_ecs_actions::domain::class_file::ClassFile;
use keycloak_ecs_actions::domain::keycloak_index::Builder;
use keycloak_ecs_actions::domain::linkage::{self, ProviderJar};
use keycloak_ecs_actions::domain::manifest;

use super::writer::{Class, Op};
use super::{jar, jar_of};
use crate::support::python;

/// Inputs for each target, unless `KECS_FUZZ` says how many.
const INPUTS: u64 = 20_000;
/// What reading hostile input may take.
const MOST_MEMORY: u64 = 256;

/// Numbers that look random and are the same in each run (xorshift64, Marsaglia 2003).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % (below.max(1) as u64)).unwrap()
    }

    /// A seed with some of its bytes changed, taken out, doubled or cut off.
    fn changed(&mut self, seed: &[u8]) -> Vec<u8> {
        const TELLING: [u8; 8] = [0, 1, 0x7F, 0x80, 0xFF, b'P', 0x2E, 0xB0];
        let mut bytes = seed.to_vec();
        for _ in 0..=self.next(6) {
            let at = self.next(bytes.len());
            let until = (at + 1 + self.next(8)).min(bytes.len());
            match self.next(6) {
                0 if !bytes.is_empty() => bytes[at] = TELLING[self.next(TELLING.len())],
                1 if !bytes.is_empty() => bytes[at] ^= 1 << self.next(8),
                2 if !bytes.is_empty() => bytes[at..until].fill(0xFF),
                3 => drop(bytes.drain(at..until)),
                4 => {
                    let more = bytes[at..until].to_vec();
                    bytes.splice(at..at, more);
                }
                5 if self.next(8) == 0 => bytes.truncate(at),
                _ => {}
            }
        }
        bytes
    }
}

/// Gives a target as many inputs as were asked for.
fn fuzz(seeds: &[Vec<u8>], mut target: impl FnMut(&[u8])) {
    let inputs = std::env::var("KECS_FUZZ").map_or(INPUTS, |count| count.parse().unwrap());
    let mut numbers = Numbers(0x9E37_79B9_7F4A_7C15);
    for round in 0..inputs {
        let seed = &seeds[usize::try_from(round).unwrap() % seeds.len()];
        target(&numbers.changed(seed));
    }
}

fn classes() -> Vec<Vec<u8>> {
    let call = [
        Op::New("x/Y"),
        Op::Text("x.Y"),
        Op::Static("org/keycloak/Own", "gone", "()V"),
        Op::Lambda("x/A", "run", "()V"),
        Op::Raw(&[0xAA, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
    ];
    let class = Class::new("x/A")
        .implements("java/sql/Driver")
        .made()
        .field(9, "F", "I")
        .guarded(9, "run", "()V", &call, Some("java/lang/Throwable"));
    vec![
        class.bytes(),
        Class::new("x/Y").extends("x/A").made().bytes(),
    ]
}

#[test]
fn no_class_file_breaks_its_reader_or_linking() {
    let index = Builder::default().finish();
    fuzz(&classes(), |bytes| {
        if let Ok(class) = ClassFile::parse(bytes) {
            for method in &class.methods {
                let _code = class.code(method);
                let _constant = class.returned(method);
            }
        }
        let mut built = Builder::default();
        built.jar("a.jar", "");
        if built.class(bytes).is_ok() {
            built.finish().to_bytes();
        }
        let mut jar = ProviderJar {
            file: "a.jar".to_owned(),
            classes: vec![
                ("x/A".to_owned(), bytes.to_vec()),
                ("x/Y".to_owned(), bytes.to_vec()),
            ],
            ..ProviderJar::default()
        };
        jar.services
            .insert("java.sql.Driver".to_owned(), b"x.A\nx.Y".to_vec());
        linkage::faults(&[jar], &index, "26.7.5", &[]);
    });
}

#[test]
fn no_archive_breaks_the_walk_over_it() {
    let seeds = [
        jar("x/Y"),
        jar_of(&[("a", b"1"), ("META-INF/services/x", b"y")]),
    ];
    fuzz(&seeds, |bytes| {
        let tail = &bytes[bytes.len().saturating_sub(archive::TAIL)..];
        let Some(end) = archive::end(tail, bytes.len() as u64) else {
            return;
        };
        let [start, length] = [end.start, end.length].map(|at| usize::try_from(at).unwrap());
        let table = bytes.get(start..start.saturating_add(length));
        if let Some(entries) = table.and_then(|table| archive::entries(table, end.count)) {
            archive::faults(&end, &entries);
        }
    });
}

#[test]
fn no_manifest_breaks_its_reader() {
    let seed = b"Manifest-Version: 1.0\r\nMulti-Release: true\r\n\r\nName: a\r\n b\r\nSHA-256-Digest: x\r\n\r\n";
    fuzz(&[seed.to_vec()], |bytes| {
        let sections = manifest::sections(bytes);
        manifest::digests(&sections);
        manifest::signs(bytes, seed, &sections);
        manifest::is_multi_release(bytes);
    });
}

/// Runs the binary on the folder `jars` and says its exit code and the most memory that it had, in MiB.
const MEASURE: &str = "
import resource, subprocess, sys
code = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode
print(code, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024)
";
/// Four jars, each with as many entries of names as short as its table has room for, and one with far more.
const NAMES: &str = "
import struct, sys
def jar(path, count):
    body, table = bytearray(), bytearray()
    for n in range(count):
        name = b'%x' % n
        table += struct.pack('<I6H3I5H2I', 0x02014b50, 20, 20, 0, 0, 0, 0, 0, 0, 0, len(name), 0, 0, 0, 0, 0, len(body)) + name
        body += struct.pack('<I5H3I2H', 0x04034b50, 20, 0, 0, 0, 0, 0, 0, 0, len(name), 0) + name
    start, size = len(body), len(table)
    end = struct.pack('<IQ2H2I4Q', 0x06064b50, 44, 45, 45, 0, 0, count, count, size, start)
    end += struct.pack('<IIQI', 0x07064b50, 0, start + size, 1)
    end += struct.pack('<I4H2IH', 0x06054b50, 0, 0, 0xffff, 0xffff, 0xffffffff, 0xffffffff, 0)
    open(path, 'wb').write(body + table + end)
for n in range(4): jar(f'{sys.argv[1]}/{n}.jar', 120000)
jar(f'{sys.argv[1]}/many.jar', 400000)
";

fn ran(program: &str, arguments: &[&Path]) -> String {
    let output = Command::new(python())
        .args(["-c", program])
        .args(arguments)
        .env_remove("GITHUB_ACTIONS")
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

/// The exit code for the jars in a folder, which may take no more memory than allowed.
fn code_for(jars: &Path) -> String {
    let binary = Path::new(env!("CARGO_BIN_EXE_verify-providers"));
    let arguments = ["--keycloak-version", "26.7.5", "--providers-dir"].map(Path::new);
    let told = ran(MEASURE, &[&[binary], &arguments[..], &[jars]].concat());
    let (code, memory) = told.trim().split_once(' ').unwrap();
    assert!(
        memory.parse::<u64>().unwrap() <= MOST_MEMORY,
        "{memory} MiB for {}",
        jars.display()
    );
    code.to_owned()
}

#[test]
fn jars_with_names_without_end_take_no_memory_without_end() {
    let folder = tempfile::tempdir().unwrap();
    ran(NAMES, &[folder.path()]);
    assert_eq!(code_for(folder.path()), "3");
}

#[test]
fn classes_with_methods_without_end_take_no_memory_without_end() {
    let folder = tempfile::tempdir().unwrap();
    let mut class = Class::new("x/C00").made();
    for n in 0..30_000 {
        class = class.method(0x0401, &format!("{n:x}"), "()V", &[]);
    }
    let bytes = class.bytes();
    let at = bytes.windows(5).position(|part| part == b"x/C00").unwrap();
    let (mut files, mut services) = (Vec::new(), String::new());
    for n in 0..99 {
        let mut bytes = bytes.clone();
        bytes[at..at + 5].copy_from_slice(format!("x/C{n:02}").as_bytes());
        files.push((format!("x/C{n:02}.class"), bytes));
        services += &format!("x.C{n:02}\n");
    }
    let mut all: Vec<(&str, &[u8])> = files
        .iter()
        .map(|(name, bytes)| (name.as_str(), bytes.as_slice()))
        .collect();
    all.push(("META-INF/services/java.sql.Driver", services.as_bytes()));
    std::fs::write(folder.path().join("a.jar"), jar_of(&all)).unwrap();
    assert_eq!(code_for(folder.path()), "3");
}
