//! The few files a container has.

use std::collections::BTreeSet;

use super::container::Container;
use super::sockets;

/// Programs a shell and the runtime find in `$PATH`.
pub(super) const PROGRAMS: &[&str] = &[
    "ash", "bash", "cat", "date", "echo", "env", "false", "hostname", "id", "ls", "printenv", "ps", "pwd", "sh",
    "sleep", "stty", "true", "uname", "whoami",
];

const TOKENS: &str = "/var/run/secrets/kubernetes.io/serviceaccount";
/// The process a container was started with, and the one that looks.
const PROCESSES: [&str; 2] = ["1", "self"];

/// What is at a path.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Entry {
    File(Vec<u8>),
    /// Names in it, in their order; directories are marked.
    Directory(Vec<(String, bool)>),
    Missing,
}

/// Looks at an absolute path without `.` and `..`.
pub(super) fn look(container: &Container, path: &str) -> Entry {
    if let Some(bytes) = read(container, path) {
        return Entry::File(bytes);
    }
    let prefix = if path == "/" { "/".to_owned() } else { format!("{path}/") };
    let mut names = BTreeSet::new();
    for known in paths() {
        if let Some(rest) = known.strip_prefix(&prefix).filter(|rest| !rest.is_empty()) {
            match rest.split_once('/') {
                Some((name, _)) => names.insert((name.to_owned(), true)),
                None => names.insert((rest.to_owned(), false)),
            };
        }
    }
    let empty = ["/tmp", "/root", "/app"];
    if path == "/" {
        names.extend(empty.iter().map(|name| (name[1..].to_owned(), true)));
    }
    if names.is_empty() && !empty.contains(&path) {
        Entry::Missing
    } else {
        Entry::Directory(names.into_iter().collect())
    }
}

/// Whether a program can be started by this name or path.
pub(super) fn program(name: &str) -> Option<&str> {
    let bare = ["/bin/", "/usr/bin/"].iter().find_map(|folder| name.strip_prefix(folder)).unwrap_or(name);
    PROGRAMS.contains(&bare).then_some(bare)
}

fn paths() -> Vec<String> {
    let mut all: Vec<String> = [
        "/etc/hostname",
        "/etc/hosts",
        "/etc/os-release",
        "/etc/passwd",
        "/etc/resolv.conf",
        "/proc/net/tcp",
        "/proc/net/tcp6",
    ]
    .map(str::to_owned)
    .into();
    all.extend(PROGRAMS.iter().map(|program| format!("/bin/{program}")));
    all.extend(["ca.crt", "namespace", "token"].iter().map(|file| format!("{TOKENS}/{file}")));
    for process in PROCESSES {
        all.extend(["cmdline", "comm", "environ", "net/tcp", "net/tcp6"].map(|file| format!("/proc/{process}/{file}")));
    }
    all
}

fn read(container: &Container, path: &str) -> Option<Vec<u8>> {
    let name = container.hostname();
    let text = match path {
        "/etc/hostname" => format!("{name}\n"),
        "/etc/hosts" => format!(
            "# Kubernetes-managed hosts file.\n127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n\
             fe00::0\tip6-localnet\nfe00::0\tip6-mcastprefix\nfe00::1\tip6-allnodes\nfe00::2\tip6-allrouters\n{}\t{name}\n",
            container.text("/status/podIP")
        ),
        "/etc/os-release" => "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nNAME=\"Debian GNU/Linux\"\n\
                              VERSION_ID=\"12\"\nID=debian\n"
            .to_owned(),
        "/etc/passwd" => "root:x:0:0:root:/root:/bin/sh\n".to_owned(),
        "/etc/resolv.conf" => format!(
            "search {0}.svc.cluster.local svc.cluster.local cluster.local\nnameserver 10.96.0.10\noptions ndots:5\n",
            container.text("/metadata/namespace")
        ),
        "/proc/net/tcp" => sockets::tcp(container),
        "/proc/net/tcp6" => sockets::tcp6(container),
        _ => {
            if let Some(file) = path.strip_prefix(TOKENS).and_then(|rest| rest.strip_prefix('/')) {
                return secret(container, file);
            }
            let (process, file) = path.strip_prefix("/proc/")?.split_once('/')?;
            if !PROCESSES.contains(&process) {
                return None;
            }
            let command = if process == "1" { container.command() } else { vec!["cat".to_owned()] };
            match file {
                "cmdline" => command.iter().fold(String::new(), |all, word| all + word + "\0"),
                "comm" => format!("{}\n", command.first().map_or("", |word| word.rsplit('/').next().unwrap_or(word))),
                "environ" => {
                    let all = container.environment().into_iter();
                    all.fold(String::new(), |out, (key, value)| out + &key + "=" + &value + "\0")
                }
                "net/tcp" => sockets::tcp(container),
                "net/tcp6" => sockets::tcp6(container),
                _ => return None,
            }
        }
    };
    Some(text.into_bytes())
}

/// The files of the service account; the token opens nothing.
fn secret(container: &Container, file: &str) -> Option<Vec<u8>> {
    Some(match file {
        "namespace" => container.text("/metadata/namespace").as_bytes().to_vec(),
        "token" => b"simulated.service-account.token".to_vec(),
        "ca.crt" => b"-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n".to_vec(),
        _ => return None,
    })
}
