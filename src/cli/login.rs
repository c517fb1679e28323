//! `login`: a password or a browser for a token, kept where only its owner reads it.

use std::io::{IsTerminal as _, Write};
use std::path::Path;
use std::sync::Arc;

use tokio::runtime::Runtime;

use super::arguments::{Everywhere, Login};
use super::browser;
use super::exit::{Exit, Failure};
use super::password;
use super::served;
use crate::config::settings::Settings;
use crate::runtime::clock::SystemClock;
use crate::source::argocd::{Credentials, PORT, Server, Sso, Ways, keep, log_in, saved_in, ways};
use crate::source::kube::ReadError;

/// The account whose password is asked for where nobody said which.
const ADMIN: &str = "admin";

/// The way somebody goes in.
enum Chosen {
    /// With the password of this account.
    Password(String),
    /// In a browser.
    Browser(Sso),
}

/// Logs in and keeps what that brings.
pub fn run(login: &Login, everywhere: &Everywhere, out: &mut impl Write) -> Result<Exit, Failure> {
    let everywhere = Everywhere { argocd_server: Some(login.url.clone()), token_file: None, ..everywhere.clone() };
    let (settings, _) = super::preferences::settings(&everywhere)?;
    let Some(spec) = served::to_log_in(&settings, &everywhere)? else { return Ok(Exit::Usage) };
    let address = spec.place();
    let path = saved_in(&super::state::folder()?, &spec.address, spec.through.as_ref());
    let server = Server::new(spec, Arc::new(SystemClock));
    let runtime = super::io_runtime()?;
    let ways = runtime.block_on(ways(&server)).map_err(failure)?;
    let credentials = match choose(login, ways, &address, &runtime)? {
        Chosen::Password(user) => {
            let password = password::ask(&format!("password of {user} at {address}: "), &runtime)?;
            runtime.block_on(log_in(&server, &user, &password)).map_err(failure)?
        }
        Chosen::Browser(sso) => in_browser(&sso, &server, login.sso_port, &settings, &runtime)?,
    };
    report(&credentials, &address, &path, out)
}

fn report(credentials: &Credentials, address: &str, path: &Path, out: &mut impl Write) -> Result<Exit, Failure> {
    keep(credentials, path)
        .map_err(|error| Failure::new(Exit::Usage, format!("{} cannot be written: {error}", path.display())))?;
    let renewed = if credentials.is_renewable() { " and is renewed when it runs out" } else { "" };
    let who = credentials.who();
    writeln!(out, "logged in to {address} as {who}; the token is kept in {}{renewed}", path.display())?;
    out.flush()?;
    Ok(Exit::Ok)
}

/// What was asked for, or what there is; a person is asked where that is both.
fn choose(login: &Login, ways: Ways, address: &str, runtime: &Runtime) -> Result<Chosen, Failure> {
    let source = |why: String| Failure::new(Exit::Source, why);
    let by_password = || Chosen::Password(login.username.clone().unwrap_or_else(|| ADMIN.to_owned()));
    match ways {
        Ways { sso: Some(sso), .. } if login.sso => Ok(Chosen::Browser(sso)),
        Ways { password, .. } if login.sso => {
            let failure = source(format!("{address} has no single sign-on"));
            Err(if password {
                failure.hint(format!("pilothouse login {address} asks for a password"))
            } else {
                failure
            })
        }
        Ways { password: true, sso: None } => Ok(by_password()),
        Ways { password: true, .. } if login.username.is_some() => Ok(by_password()),
        Ways { password: true, sso: Some(sso) } => {
            if !std::io::stdin().is_terminal() {
                super::complain(&format!("{address} has single sign-on too ({}): --sso", sso.name));
                return Ok(by_password());
            }
            let question = format!("{address}: 1 single sign-on ({}), 2 password of {ADMIN}; which? [1] ", sso.name);
            match runtime.block_on(password::line(&question))?.trim() {
                "" | "1" => Ok(Chosen::Browser(sso)),
                "2" => Ok(by_password()),
                other => Err(Failure::new(Exit::Usage, format!("`{other}` is neither 1 nor 2"))
                    .hint("--sso, or --username NAME, and nothing is asked")),
            }
        }
        Ways { sso: Some(sso), .. } if login.username.is_none() => Ok(Chosen::Browser(sso)),
        Ways { sso: Some(_), .. } => {
            Err(source(format!("{address} lets nobody in by password"))
                .hint(format!("pilothouse login {address} --sso")))
        }
        Ways { sso: None, .. } => Err(source(format!("{address} lets nobody in, by password or single sign-on"))
            .hint("a token works: --token-file FILE, or ARGOCD_AUTH_TOKEN")),
    }
}

fn in_browser(
    sso: &Sso,
    server: &Server,
    port: u16,
    settings: &Settings,
    runtime: &Runtime,
) -> Result<Credentials, Failure> {
    if sso.is_dex() && port != PORT {
        super::complain(&format!(
            "warning: Argo CD's Dex sends browsers back to port {PORT} alone, unless dex.config says otherwise"
        ));
    }
    runtime.block_on(async {
        let pending = sso.begin(server, port).await.map_err(failure)?;
        browser::wait(pending, &sso.name, settings).await
    })
}

/// Why argocd-server or an issuer did not let us in, as the verb ends with it.
pub(super) fn failure(error: ReadError) -> Failure {
    let hint = match &error {
        ReadError::Failed { hint, .. } => hint.clone(),
        ReadError::Missing(_) | ReadError::Denied(_) => None,
    };
    let failure = Failure::new(Exit::Source, error);
    match hint {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}
