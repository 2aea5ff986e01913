//! The fields of a form: values, errors and HTML.

use super::html::escape;

/// A field, with its value and its errors.
#[derive(Default)]
pub(super) struct TextField {
    pub(super) name: &'static str,
    pub(super) label: String,
    /// `username`, `current-password`, `new-password`.
    pub(super) autocomplete: &'static str,
    /// The value that is shown; passwords are not shown again.
    pub(super) value: String,
    /// The `maxlength` in HTML; longer values are not refused, as in Django.
    pub(super) max_length: Option<usize>,
    pub(super) help: Vec<String>,
    pub(super) errors: Vec<String>,
}

impl TextField {
    /// A field for a password.
    pub(super) fn password(name: &'static str, label: &str, autocomplete: &'static str) -> Self {
        Self { name, label: label.to_owned(), autocomplete, ..Self::default() }
    }

    /// Takes the value that was sent, and validates it with Django's messages (`CharField.clean`).
    pub(super) fn clean(&mut self, sent: &str) -> bool {
        if sent.is_empty() {
            self.errors.push("This field is required.".into());
        }
        if sent.contains('\0') {
            self.errors.push("Null characters are not allowed.".into());
        }
        self.errors.is_empty()
    }

    fn html(&self, focus: bool) -> String {
        let Self { name, autocomplete, help, .. } = self;
        let label = escape(&self.label);
        let is_password = autocomplete.ends_with("password");
        let kind = if is_password { "password" } else { "text" };
        let described: Vec<String> =
            [(!help.is_empty(), "help"), (!self.errors.is_empty(), "error")]
                .iter()
                .filter(|(there, _)| *there)
                .map(|(_, what)| format!("{what}_{name}"))
                .collect();
        let attributes = [
            Some(format!("type=\"{kind}\" name=\"{name}\" id=\"id_{name}\"")),
            Some(format!("autocomplete=\"{autocomplete}\" autocapitalize=\"none\"")),
            Some("spellcheck=\"false\" required".into()),
            (!self.value.is_empty()).then(|| format!("value=\"{}\"", escape(&self.value))),
            self.max_length.map(|most| format!("maxlength=\"{most}\"")),
            focus.then(|| "autofocus".into()),
            (!self.errors.is_empty()).then(|| "aria-invalid=\"true\"".into()),
            (!described.is_empty())
                .then(|| format!("aria-describedby=\"{}\"", described.join(" "))),
        ];
        let attributes = attributes.into_iter().flatten().collect::<Vec<_>>().join(" ");
        let parts = [
            Some(format!("<div class=\"field\">\n<label for=\"id_{name}\">{label}:</label>")),
            Some(format!("<input {attributes}>")),
            (!help.is_empty())
                .then(|| format!("<p class=\"help\" id=\"help_{name}\">{}</p>", lines(help))),
            (!self.errors.is_empty()).then(|| {
                format!("<p class=\"error\" id=\"error_{name}\">{}</p>", lines(&self.errors))
            }),
            Some("</div>".into()),
        ];
        parts.into_iter().flatten().collect::<Vec<_>>().join("\n")
    }
}

/// Sentences, each on a line of its own.
fn lines(texts: &[String]) -> String {
    texts.iter().map(|text| escape(text)).collect::<Vec<_>>().join("<br>")
}

/// A form of these fields, with the CSRF token; `hidden` are pairs of names and values.
pub(super) fn form(
    action: &str,
    token: &str,
    hidden: &[(&str, &str)],
    error: Option<&str>,
    fields: &[TextField],
    button: &str,
) -> String {
    let token = [(crate::middleware::csrf::FORM_FIELD, token)];
    let input = |(name, value): &(&str, &str)| {
        format!("<input type=\"hidden\" name=\"{name}\" value=\"{}\">", escape(value))
    };
    let alert = |error: &str| format!("<p class=\"error\" role=\"alert\">{}</p>", escape(error));
    // the first field with an error, or the first field
    let wrong = fields.iter().position(|field| !field.errors.is_empty()).unwrap_or(0);
    let mut lines = vec![format!("<form method=\"post\" action=\"{}\">", escape(action))];
    lines.extend(token.iter().chain(hidden).map(input));
    lines.extend(error.map(alert));
    lines.extend(fields.iter().enumerate().map(|(at, field)| field.html(at == wrong)));
    lines.push(format!("<button type=\"submit\">{}</button>\n</form>", escape(button)));
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_djangos() {
        let errors = |sent: &str| {
            let mut field = TextField::default();
            field.clean(sent);
            field.errors.join(" ")
        };
        assert_eq!(errors("abc"), "");
        assert_eq!(errors(""), "This field is required.");
        assert_eq!(errors("a\0"), "Null characters are not allowed.");
    }

    #[test]
    fn a_form_shows_what_was_sent_and_what_is_wrong_and_never_a_password() {
        let name = TextField {
            name: "username",
            label: "Username".into(),
            autocomplete: "username",
            value: "\"><b>".into(),
            ..TextField::default()
        };
        let mut password = TextField::password("password", "Password", "current-password");
        password.clean("");
        let html =
            form("/login/", "t", &[("next", "/a'b")], Some("No <b>."), &[name, password], "Go");
        for part in [
            "<form method=\"post\" action=\"/login/\">",
            "<input type=\"hidden\" name=\"csrfmiddlewaretoken\" value=\"t\">",
            "<input type=\"hidden\" name=\"next\" value=\"/a&#x27;b\">",
            "<p class=\"error\" role=\"alert\">No &lt;b&gt;.</p>",
            "value=\"&quot;&gt;&lt;b&gt;\"",
            "required autofocus aria-invalid=\"true\" aria-describedby=\"error_password\">",
            "<p class=\"error\" id=\"error_password\">This field is required.</p>",
        ] {
            assert!(html.contains(part), "{part}: {html}");
        }
    }
}
