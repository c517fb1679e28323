//! The pages Dex shows.

/// The form people log in with; it is sent to where it came from.
pub(super) fn login(connector: &str, refused: bool) -> String {
    let refused = if refused { "<p role=\"alert\">Invalid Username and password.</p>" } else { "" };
    page(&format!(
        "<h1>Log in to Your Account</h1><p>{}</p>{refused}\
         <form method=\"post\"><p><label>Username <input name=\"login\" required autofocus></label></p>\
         <p><label>Password <input name=\"password\" type=\"password\" required></label></p>\
         <p><button type=\"submit\">Login</button></p></form>",
        escaped(connector)
    ))
}

/// A request that leads nowhere.
pub(super) fn error(title: &str, words: &str) -> String {
    page(&format!("<h1>{title}</h1><p>{}</p>", escaped(words)))
}

fn page(body: &str) -> String {
    let style = "body{font:1rem/1.5 sans-serif;max-width:24em;margin:10vh auto}";
    format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>dex</title><style>{style}</style>{body}</html>\n"
    )
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
