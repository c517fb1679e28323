//! The programs a container has.

use std::fmt::Write as _;
use std::time::Duration;

use super::super::super::time::plus;
use super::super::files::{self, Entry};
use super::run::{Pipes, Shell};
use super::terminal::Line;

/// The longest a sleeper sleeps before it looks at the world's clock again, which may run faster than the wall's.
const LOOK: Duration = Duration::from_millis(25);

/// Runs one program or built-in; its exit code.
pub(super) async fn run(shell: &mut Shell, words: &[String], pipes: Pipes) -> i32 {
    let Some((name, arguments)) = words.split_first() else { return 0 };
    let found = files::program(name);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let say = match found.unwrap_or(name.as_str()) {
        ":" | "true" => String::new(),
        "false" => return 1,
        "exit" => {
            shell.leaving = true;
            return arguments.first().map_or(shell.last, |code| code.parse().unwrap_or(2));
        }
        "cd" => return cd(shell, arguments.first().copied().unwrap_or("/root"), pipes).await,
        "export" => {
            for (name, value) in arguments.iter().filter_map(|word| word.split_once('=')) {
                shell.variables.insert(name.to_owned(), value.to_owned());
            }
            String::new()
        }
        "pwd" => format!("{}\n", shell.folder),
        "echo" => echo(&arguments),
        "env" | "printenv" => return environment(shell, &arguments, pipes).await,
        "hostname" => format!("{}\n", shell.container.hostname()),
        "whoami" => "root\n".to_owned(),
        "id" => "uid=0(root) gid=0(root) groups=0(root)\n".to_owned(),
        "uname" => uname(shell, &arguments),
        "date" => format!("{}\n", shell.container.store.now().strftime("%a %b %e %H:%M:%S UTC %Y")),
        "stty" => {
            if !shell.output.terminal {
                shell.write(pipes.error, "stty: standard input\n").await;
                return 1;
            }
            let (columns, rows) = shell.input.size();
            if arguments == ["size"] { format!("{rows} {columns}\n") } else { String::new() }
        }
        "ps" => processes(shell, words),
        "ls" => return list(shell, &arguments, pipes).await,
        "cat" => return cat(shell, &arguments, pipes).await,
        "sleep" => return sleep(shell, &arguments, pipes).await,
        "sh" | "ash" | "bash" => return inner(shell, &arguments).await,
        other => {
            shell.write(pipes.error, format!("sh: {other}: not found\n")).await;
            return 127;
        }
    };
    shell.write(pipes.out, say).await;
    0
}

/// A shell within; it shares everything with the outer one but the wish to leave.
async fn inner(shell: &mut Shell, arguments: &[&str]) -> i32 {
    let code = match arguments {
        ["-c", script, ..] => shell.script(script).await,
        _ => shell.interact().await,
    };
    shell.leaving = false;
    code
}

fn echo(arguments: &[&str]) -> String {
    match arguments {
        ["-n", rest @ ..] => rest.join(" "),
        _ => arguments.join(" ") + "\n",
    }
}

fn uname(shell: &Shell, arguments: &[&str]) -> String {
    if arguments == ["-a"] {
        return format!("Linux {} 6.1.0 #1 SMP x86_64 GNU/Linux\n", shell.container.hostname());
    }
    "Linux\n".to_owned()
}

async fn cd(shell: &mut Shell, to: &str, pipes: Pipes) -> i32 {
    let path = shell.absolute(to);
    if matches!(files::look(&shell.container, &path), Entry::Directory(_)) {
        shell.folder = path;
        return 0;
    }
    shell.write(pipes.error, format!("sh: cd: can't cd to {to}: No such file or directory\n")).await;
    2
}

async fn environment(shell: &Shell, arguments: &[&str], pipes: Pipes) -> i32 {
    if let [name] = arguments {
        let Some(value) = shell.variables.get(*name) else { return 1 };
        shell.write(pipes.out, format!("{value}\n")).await;
        return 0;
    }
    let all = shell.variables.iter().fold(String::new(), |mut all, (name, value)| {
        let _ = writeln!(all, "{name}={value}");
        all
    });
    shell.write(pipes.out, all).await;
    0
}

fn processes(shell: &Shell, words: &[String]) -> String {
    let mut out = "PID   USER     TIME  COMMAND\n".to_owned();
    let command = shell.container.command().join(" ");
    let mut rows = vec![(1, if command.is_empty() { "/pause".to_owned() } else { command })];
    rows.push((shell.pid, shell.line.clone()));
    let own = words.join(" ");
    if own != shell.line {
        rows.push((shell.pid + 1, own));
    }
    for (pid, line) in rows {
        let _ = writeln!(out, "{pid:>5} root      0:00 {line}");
    }
    out
}

async fn list(shell: &Shell, arguments: &[&str], pipes: Pipes) -> i32 {
    let mut paths: Vec<&str> = arguments.iter().copied().filter(|word| !word.starts_with('-')).collect();
    let long = arguments.iter().any(|word| word.starts_with('-') && word.contains('l'));
    if paths.is_empty() {
        paths.push(".");
    }
    let mut code = 0;
    let row = |name: &str, folder: bool| match (long, folder) {
        (false, _) => format!("{name}\n"),
        (true, true) => format!("drwxr-xr-x    2 root     root          4096 Jan  1 00:00 {name}\n"),
        (true, false) => format!("-rw-r--r--    1 root     root             0 Jan  1 00:00 {name}\n"),
    };
    for path in paths {
        match files::look(&shell.container, &shell.absolute(path)) {
            Entry::File(_) => drop(shell.write(pipes.out, row(path, false)).await),
            Entry::Directory(names) => {
                let all: String = names.iter().map(|(name, folder)| row(name, *folder)).collect();
                shell.write(pipes.out, all).await;
            }
            Entry::Missing => {
                shell.write(pipes.error, format!("ls: {path}: No such file or directory\n")).await;
                code = 1;
            }
        }
    }
    code
}

async fn cat(shell: &mut Shell, arguments: &[&str], pipes: Pipes) -> i32 {
    if arguments.is_empty() || arguments == ["-"] {
        return copy(shell, pipes).await;
    }
    let mut code = 0;
    for path in arguments {
        let why = match files::look(&shell.container, &shell.absolute(path)) {
            Entry::File(bytes) => {
                shell.write(pipes.out, bytes).await;
                continue;
            }
            Entry::Directory(_) => "cat: read error: Is a directory\n".to_owned(),
            Entry::Missing => format!("cat: can't open '{path}': No such file or directory\n"),
        };
        shell.write(pipes.error, why).await;
        code = 1;
    }
    code
}

/// Copies the input to the output until one of them ends.
async fn copy(shell: &mut Shell, pipes: Pipes) -> i32 {
    if shell.output.terminal {
        let output = shell.output.clone();
        loop {
            match shell.input.typed_line(&output, None).await {
                Line::Text(line) => drop(shell.write(pipes.out, line + "\n").await),
                Line::Interrupt => return 130,
                Line::End => return 0,
            }
        }
    }
    while let Some(bytes) = shell.input.bytes().await {
        if !shell.write(pipes.out, bytes).await {
            break;
        }
    }
    0
}

async fn sleep(shell: &mut Shell, arguments: &[&str], pipes: Pipes) -> i32 {
    let seconds = arguments.first().and_then(|text| text.trim_end_matches('s').parse::<f64>().ok());
    let Some(time) = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()) else {
        shell.write(pipes.error, "sleep: invalid number\n").await;
        return 1;
    };
    let store = shell.container.store.clone();
    let until = plus(store.now(), time);
    let slept = async {
        while store.now() < until {
            tokio::time::sleep(LOOK).await;
        }
    };
    if !shell.output.terminal {
        slept.await;
        return 0;
    }
    let output = shell.output.clone();
    tokio::select! {
        () = slept => 0,
        () = shell.input.interrupted() => {
            output.write(super::terminal::Pipe::Out, "^C\n").await;
            130
        }
    }
}
