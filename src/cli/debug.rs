//! A debugger led to the right pod: looked at first, forwarded, and entered into launch.json.

use std::io::{BufRead as _, IsTerminal as _, Write};

use serde::Serialize;
use serde_json::{Value, json};

use super::arguments::{Debug, Everywhere, LogOutput};
use super::entry::{Entry as Way, unopened};
use super::exit::{Exit, Failure};
use super::forward::{Line, serve};
use super::read::Read;
use crate::debug::{Card, Entry, Finding, Folders, Mark};
use crate::forward::{Mapping, Remote, Target, Wish, ssh_line};
use crate::runtime::launch::{Launch, LaunchFileError, own_folders, own_workspace};
use crate::runtime::remember::Remembered;
use crate::runtime::survey::{Inquiry, survey};

/// Does what `words` ask for.
pub fn run(words: &Debug, everywhere: &Everywhere, out: &mut impl Write) -> Result<Exit, Failure> {
    let mut read = Read::start(everywhere, words.environment.as_deref(), words.timeout)?;
    let way = Way::find(&mut read, &words.app, words.environment.as_deref())?;
    let launch = words.workspace.as_deref().map(Launch::of).transpose().map_err(left)?;
    let mut inquiry = Inquiry {
        app: way.key.clone(),
        pod: words.pod.clone(),
        port: words.port,
        protection: way.environment.protection,
        inside: false,
        ours: 0,
        checkout: read.setup.settings.git_checkout.clone(),
    };
    if words.print {
        let card = read.io.block_on(survey(&way.place, &inquiry)).map_err(|error| unopened(&error))?;
        return print(&card, &way, words, &folders(&read, words), out);
    }
    inquiry.inside = true;
    let title = format!("Debug {}", way.key.name);
    let visiting = way.enter(&read, "debug", title, words.confirm.as_deref())?;
    let served = led(&read, &way, words, &inquiry, launch, out);
    let (outcome, message) = match &served {
        Ok((_, summary)) => ("done", summary.clone()),
        Err(failure) => ("failed", failure.message.clone()),
    };
    if let Err(error) = visiting.end(&way.audit, outcome, Some(message), read.now()) {
        super::complain(&format!("warning: {error}"));
    }
    served.map(|(exit, _)| exit)
}

fn led(
    read: &Read,
    way: &Way,
    words: &Debug,
    inquiry: &Inquiry,
    launch: Option<Launch>,
    out: &mut impl Write,
) -> Result<(Exit, String), Failure> {
    let card = read.io.block_on(survey(&way.place, inquiry)).map_err(|error| unopened(&error))?;
    let folders = folders(read, words);
    if let Some(launch) = &launch {
        // a file that cannot be changed is said before anything is opened
        launch.with(&Entry::of(&card, card.port.port, &folders)).map_err(left)?;
    }
    for finding in &card.findings {
        super::complain(&told(finding));
    }
    for worker in &card.workers {
        super::complain(&format!("note   {}", worker.words()));
    }
    if let Some(values) = &card.values {
        super::complain(&format!("in Git: debug: true in {} on {}", values.file, values.revision));
        for line in values.change.iter().cloned().chain(values.commands().iter().map(|command| format!("$ {command}")))
        {
            super::complain(&format!("       {line}"));
        }
    }
    let target: Target = card.target.parse().map_err(|error| Failure::new(Exit::NotFound, error))?;
    let wish = Wish {
        target: Some(target),
        ports: vec![Mapping { local: None, remote: Remote::Number(card.port.port) }],
        debug: true,
        ..Wish::of(way.key.clone())
    };
    serve(read, way, &wish, |forward, answering| {
        let session = forward.session();
        for line in super::forward::warnings(&session) {
            super::complain(&line);
        }
        let port = session.ports.first().and_then(|port| port.local.port()).unwrap_or(card.port.port);
        let entry = Entry::of(&card, port, &folders);
        let answering = answering.as_ref();
        let line = Line {
            local_port: Some(port),
            socket: None,
            pod: answering.map(|answering| answering.pod.clone()),
            container: Some(card.port.container.clone()),
            remote_port: Some(card.port.port),
            ssh: ssh_line(&way.ssh_host().0, port, None),
        };
        match words.output {
            LogOutput::Json => {
                write_json(out, &line)?;
                write_json(out, &told_json(&card, &entry))?;
            }
            LogOutput::Text => {
                let pod = line.pod.as_deref().unwrap_or("no pod yet");
                writeln!(out, "127.0.0.1:{port} leads to {} in {pod}, port {}", card.port.container, card.port.port)?;
                write_ssh(out, &line.ssh, way)?;
            }
        }
        out.flush()?;
        entered(&entry, launch, out, words.output)
    })
}

/// Writes launch.json, or shows the entry where it is not ours to write.
fn entered(entry: &Entry, launch: Option<Launch>, out: &mut impl Write, output: LogOutput) -> Result<(), Failure> {
    let (launch, asks) = if let Some(launch) = launch {
        (launch, false)
    } else if let Ok(folder) = own_workspace() {
        (Launch::of(&folder).map_err(left)?, true)
    } else {
        if output == LogOutput::Text {
            writeln!(out, "for launch.json on the machine your editor runs on:\n{}", entry.text())?;
            out.flush()?;
        }
        return Ok(());
    };
    let after = launch.with(entry).map_err(left)?;
    let change = launch.change(&after);
    let path = launch.path().display().to_string();
    if change.is_empty() {
        super::complain(&format!("{path} has {} already", entry.name()));
        return Ok(());
    }
    super::complain(&format!("{path}:"));
    for line in change {
        super::complain(&line);
    }
    if asks && !agreed()? {
        super::complain("it was not written; --workspace DIR writes without asking");
        return Ok(());
    }
    launch.write(&after).map_err(left)?;
    super::complain(&format!("{path} is written: start \"{}\" in the editor", entry.name()));
    Ok(())
}

fn agreed() -> Result<bool, Failure> {
    if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
        return Ok(false);
    }
    let mut screen = std::io::stderr();
    write!(screen, "write it? [y/N] ")?;
    screen.flush()?;
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line)?;
    Ok(matches!(line.trim(), "y" | "Y" | "yes"))
}

fn left(error: LaunchFileError) -> Failure {
    Failure::new(Exit::Usage, error)
}

/// What is known of folders here. What was answered in the cockpit and cannot be read is as good as never answered.
fn folders(read: &Read, words: &Debug) -> Folders {
    let told = Remembered::here().folders().unwrap_or_default();
    let workspace = words.workspace.clone().or_else(|| own_workspace().ok());
    let own = workspace.as_deref().map(own_folders).unwrap_or_default();
    Folders { set: read.setup.settings.folders.clone(), told, own }
}

fn told(finding: &Finding) -> String {
    let sign = match finding.mark {
        Mark::Good => "ok  ",
        Mark::Note => "note",
        Mark::Warn => "warn",
        Mark::Bad => "bad ",
    };
    let remedy = finding.remedy.as_ref().map_or_else(String::new, |remedy| format!("\n       try: {remedy}"));
    format!("{sign}   {}{remedy}", finding.said)
}

#[derive(Serialize)]
struct FindingJson<'f> {
    mark: &'static str,
    about: &'static str,
    said: &'f str,
    remedy: Option<&'f str>,
}

fn told_json(card: &Card, entry: &Entry) -> Value {
    let findings = card.findings.iter().map(|finding| FindingJson {
        mark: finding.mark.word(),
        about: finding.about,
        said: &finding.said,
        remedy: finding.remedy.as_deref(),
    });
    let findings: Vec<FindingJson<'_>> = findings.collect();
    let pods: Vec<Value> = card.pods.iter().map(|(name, state)| json!({"pod": name, "state": state})).collect();
    let workers = card.workers.iter().map(|worker| {
        json!({"workload": worker.target, "pod": worker.pod, "state": worker.state, "port": worker.port,
            "pool": worker.pool.name, "concurrency": worker.pool.concurrency})
    });
    let workers: Vec<Value> = workers.collect();
    let values = card.values.as_ref().map(|values| {
        json!({"repository": values.repository, "revision": values.revision, "file": values.file,
            "change": values.change, "commands": values.commands()})
    });
    json!({
        "findings": findings, "pods": pods, "workers": workers, "values": values, "how": card.port.how, "kind": card.port.kind.word(),
        "launch": serde_json::from_str::<Value>(&entry.text()).unwrap_or_default(),
    })
}

/// Prints what there is without opening anything.
fn print(card: &Card, way: &Way, words: &Debug, folders: &Folders, out: &mut impl Write) -> Result<Exit, Failure> {
    let port = card.port.port;
    let entry = Entry::of(card, port, folders);
    let ssh = ssh_line(&way.ssh_host().0, port, None);
    match words.output {
        LogOutput::Json => {
            let mut line = json!({"localPort": port, "pod": card.pod, "container": card.port.container,
                "remotePort": port, "ssh": ssh});
            line["launch"] = serde_json::from_str(&entry.text()).unwrap_or_default();
            write_json(out, &line)?;
        }
        LogOutput::Text => {
            writeln!(out, "{}", entry.text())?;
            write_ssh(out, &ssh, way)?;
        }
    }
    out.flush()?;
    Ok(Exit::Ok)
}

fn write_ssh(out: &mut impl Write, ssh: &str, way: &Way) -> Result<(), Failure> {
    writeln!(out, "{ssh}")?;
    if way.ssh_host().1 {
        super::complain("check the host of the ssh line, or set ssh_host in the settings");
    }
    Ok(())
}

fn write_json(out: &mut impl Write, value: &impl Serialize) -> Result<(), Failure> {
    serde_json::to_writer(&mut *out, value).map_err(|error| Failure::new(Exit::Usage, error))?;
    writeln!(out)?;
    Ok(())
}
