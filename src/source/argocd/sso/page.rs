//! What the browser shows when it has come back.

/// It worked.
pub(super) fn logged_in(place: &str, who: &str) -> String {
    page("Logged in", &format!("{place} knows you as {who}. Go back to the terminal; this page can be closed."))
}

/// It did not.
pub(super) fn failed(why: &str) -> String {
    page("Not logged in", &format!("{why}. Go back to the terminal: it says what to try."))
}

/// Somebody came without anything.
pub(super) fn nothing_brought() -> String {
    page("Nothing yet", "Open the address the terminal shows: the provider sends the browser back here.")
}

/// Another path than the one the browser is sent to.
pub(super) fn nothing_here() -> String {
    page("Nothing here", "This port waits for a login in a browser and for nothing else.")
}

/// The login ended meanwhile.
pub(super) fn over() -> String {
    page("Over", "This login has ended. Go back to the terminal.")
}

fn page(title: &str, text: &str) -> String {
    let style = "body{font:1.1rem/1.5 system-ui,sans-serif;max-width:34em;margin:15vh auto;padding:0 1em}";
    let (title, text) = (escaped(title), escaped(text));
    format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>{title} - Pilothouse</title>\
         <style>{style}</style><h1>{title}</h1><p>{text}</p></html>\n"
    )
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_said_stays_text() {
        let page = failed("the issuer refused: <script>x</script> & more");
        assert!(page.contains("&lt;script&gt;x&lt;/script&gt; &amp; more"), "{page}");
    }
}
