//! The line a person runs on their laptop, so that the forward here is also one there.

use std::path::Path;

/// Where a laptop reaches this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SshHost {
    /// `user@host`, as ssh takes it.
    pub host: String,
    /// Nobody said so: it was made up from the SSH connection, and may not be what the laptop has to use.
    pub check: bool,
}

impl SshHost {
    /// The host of the settings, else the user here and the address the SSH client came in at (the third word of
    /// `SSH_CONNECTION`).
    #[must_use]
    pub fn of(setting: Option<&str>, user: &str, connection: Option<&str>) -> Option<Self> {
        if let Some(host) = setting {
            return Some(Self { host: host.to_owned(), check: false });
        }
        let address = connection?.split(' ').nth(2).filter(|address| !address.is_empty())?;
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "-._:%".contains(c);
        // it is shown to be pasted into a shell
        (address.chars().all(is_plain) && user.chars().all(is_plain))
            .then(|| Self { host: format!("{user}@{address}"), check: true })
    }
}

/// The `ssh -L` line for a local port, or for a Unix socket.
#[must_use]
pub fn ssh_line(host: &str, port: u16, socket: Option<&Path>) -> String {
    match socket {
        Some(path) => format!("ssh -L {port}:{} {host}", path.display()),
        None => format!("ssh -L {port}:127.0.0.1:{port} {host}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_settings_know_the_host_best_and_a_guess_is_marked() {
        let connection = Some("203.0.113.9 51000 10.0.0.5 22");
        let told = SshHost::of(Some("devops@bastion"), "ann", connection).unwrap();
        assert_eq!((told.host.as_str(), told.check), ("devops@bastion", false));
        let guessed = SshHost::of(None, "ann", connection).unwrap();
        assert_eq!((guessed.host.as_str(), guessed.check), ("ann@10.0.0.5", true));
        assert_eq!(SshHost::of(None, "ann", None), None);
        assert_eq!(SshHost::of(None, "ann; rm", connection), None);
        assert_eq!(ssh_line("h", 5678, None), "ssh -L 5678:127.0.0.1:5678 h");
        assert_eq!(ssh_line("h", 5678, Some(Path::new("/run/x.sock"))), "ssh -L 5678:/run/x.sock h");
    }
}
