//! Settings from variables.

use std::str::FromStr;
use std::time::Duration;

use super::SettingsError;
use super::forms::shown;

/// Reads variables into settings; an absent one leaves the setting as it is.
pub(super) struct Vars<'a>(pub(super) &'a dyn Fn(&'static str) -> Option<String>);

impl Vars<'_> {
    pub(super) fn get(&self, name: &'static str) -> Option<String> {
        (self.0)(name)
    }

    /// A text on one line.
    fn line(&self, name: &'static str) -> Result<Option<String>, SettingsError> {
        match self.get(name) {
            // not shown: it may be the URL that has the password
            Some(value) if value.contains(char::is_control) => {
                let reason =
                    "it contains a control character, such as a line break; remove it".into();
                Err(SettingsError { name, reason })
            }
            value => Ok(value),
        }
    }

    pub(super) fn text(&self, name: &'static str, to: &mut String) -> Result<(), SettingsError> {
        if let Some(value) = self.line(name)? {
            *to = value;
        }
        Ok(())
    }

    pub(super) fn text_or_none(
        &self,
        name: &'static str,
        to: &mut Option<String>,
    ) -> Result<(), SettingsError> {
        if let Some(value) = self.line(name)? {
            *to = (!is_none(&value)).then_some(value);
        }
        Ok(())
    }

    /// `name=url` with spaces between them.
    pub(super) fn named_urls(
        &self,
        name: &'static str,
        to: &mut Vec<(String, String)>,
    ) -> Result<(), SettingsError> {
        let Some(value) = self.line(name)? else { return Ok(()) };
        let mut read: Vec<(String, String)> = Vec::new();
        for word in value.split_whitespace() {
            // not shown: it may be the URL that has the password
            let refused = |reason: &str| SettingsError { name, reason: reason.into() };
            let (alias, url) = word
                .split_once('=')
                .filter(|(alias, url)| !alias.is_empty() && url.contains("://"))
                .ok_or_else(|| refused("one of its words is not `name=url`"))?;
            if alias == "default" || read.iter().any(|(known, _)| known == alias) {
                return Err(refused(
                    "a name is there twice; `default` is the database of DATABASE_URL",
                ));
            }
            read.push((alias.to_owned(), url.to_owned()));
        }
        *to = read;
        Ok(())
    }

    /// A key, which is never shown.
    pub(super) fn key(&self, name: &'static str, to: &mut String) {
        if let Some(value) = self.get(name) {
            *to = value;
        }
    }

    /// Keys between commas.
    pub(super) fn keys(
        &self,
        name: &'static str,
        to: &mut Vec<String>,
    ) -> Result<(), SettingsError> {
        let Some(value) = self.get(name) else { return Ok(()) };
        let keys: Vec<String> = value.split(',').map(|key| key.trim().to_owned()).collect();
        *to = if value.trim().is_empty() { Vec::new() } else { keys };
        if to.iter().any(String::is_empty) {
            let reason = "there is an empty key between its commas; remove the extra comma".into();
            return Err(SettingsError { name, reason });
        }
        Ok(())
    }

    pub(super) fn flag(&self, name: &'static str, to: &mut bool) -> Result<(), SettingsError> {
        let Some(value) = self.get(name) else { return Ok(()) };
        *to = match value.trim().to_ascii_lowercase().as_str() {
            "1" | "true" | "yes" | "on" => true,
            "" | "0" | "false" | "no" | "off" => false,
            _ => {
                return Err(unreadable(
                    name,
                    &value,
                    "`1` or `0`, nor `true`, `yes`, `on`, `false`, `no` or `off`",
                ));
            }
        };
        Ok(())
    }

    pub(super) fn number<T: FromStr>(
        &self,
        name: &'static str,
        to: &mut T,
    ) -> Result<(), SettingsError> {
        if let Some(value) = self.get(name) {
            *to = value.trim().parse().map_err(|_| unreadable(name, &value, WHOLE))?;
        }
        Ok(())
    }

    pub(super) fn number_or_none<T: FromStr>(
        &self,
        name: &'static str,
        to: &mut Option<T>,
    ) -> Result<(), SettingsError> {
        let Some(value) = self.get(name) else { return Ok(()) };
        *to = if is_none(&value) {
            None
        } else {
            let number = value.trim().parse();
            Some(number.map_err(|_| unreadable(name, &value, format!("{WHOLE}, or `none`")))?)
        };
        Ok(())
    }

    /// A list between commas.
    pub(super) fn list(
        &self,
        name: &'static str,
        to: &mut Vec<String>,
    ) -> Result<(), SettingsError> {
        if let Some(value) = self.line(name)? {
            let items = value.split(',').map(str::trim).filter(|item| !item.is_empty());
            *to = items.map(ToOwned::to_owned).collect();
        }
        Ok(())
    }

    pub(super) fn seconds(
        &self,
        name: &'static str,
        to: &mut Duration,
    ) -> Result<(), SettingsError> {
        let Some(value) = self.get(name) else { return Ok(()) };
        let seconds = value.trim().parse::<f64>().ok();
        *to = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()).ok_or_else(
            || unreadable(name, &value, "a number of seconds, 0 or more, such as `300` or `0.5`"),
        )?;
        Ok(())
    }
}

fn is_none(value: &str) -> bool {
    matches!(value.trim().to_ascii_lowercase().as_str(), "" | "none")
}

/// The expectation for a number without bounds.
const WHOLE: &str = "a whole number, 0 or more, such as `10`";

pub(super) fn unreadable(
    name: &'static str,
    value: &str,
    expected: impl std::fmt::Display,
) -> SettingsError {
    SettingsError { name, reason: format!("{} is not {expected}", shown(value)) }
}
