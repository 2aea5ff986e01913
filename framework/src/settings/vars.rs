//! Settings from variables.

use std::str::FromStr;
use std::time::Duration;

use super::SettingsError;

/// Reads variables into settings; an absent one leaves the setting as it is.
pub(super) struct Vars<'a>(pub(super) &'a dyn Fn(&'static str) -> Option<String>);

impl Vars<'_> {
    pub(super) fn get(&self, name: &'static str) -> Option<String> {
        (self.0)(name)
    }

    pub(super) fn text(&self, name: &'static str, to: &mut String) {
        if let Some(value) = self.get(name) {
            *to = value;
        }
    }

    pub(super) fn text_or_none(&self, name: &'static str, to: &mut Option<String>) {
        if let Some(value) = self.get(name) {
            *to = (!is_none(&value)).then_some(value);
        }
    }

    pub(super) fn flag(&self, name: &'static str, to: &mut bool) -> Result<(), SettingsError> {
        let Some(value) = self.get(name) else { return Ok(()) };
        *to = match value.trim().to_ascii_lowercase().as_str() {
            "1" | "true" | "yes" | "on" => true,
            "" | "0" | "false" | "no" | "off" => false,
            _ => return Err(unreadable(name, &value, "1 or 0")),
        };
        Ok(())
    }

    pub(super) fn number<T: FromStr>(
        &self,
        name: &'static str,
        to: &mut T,
    ) -> Result<(), SettingsError> {
        if let Some(value) = self.get(name) {
            *to = value.trim().parse().map_err(|_| unreadable(name, &value, "a whole number"))?;
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
            Some(number.map_err(|_| unreadable(name, &value, "a whole number or `none`"))?)
        };
        Ok(())
    }

    /// A list between commas.
    pub(super) fn list(&self, name: &'static str, to: &mut Vec<String>) {
        if let Some(value) = self.get(name) {
            let items = value.split(',').map(str::trim).filter(|item| !item.is_empty());
            *to = items.map(ToOwned::to_owned).collect();
        }
    }

    pub(super) fn seconds(
        &self,
        name: &'static str,
        to: &mut Duration,
    ) -> Result<(), SettingsError> {
        let Some(value) = self.get(name) else { return Ok(()) };
        let seconds = value.trim().parse::<f64>().ok();
        *to = seconds
            .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
            .ok_or_else(|| unreadable(name, &value, "a number of seconds"))?;
        Ok(())
    }
}

fn is_none(value: &str) -> bool {
    matches!(value.trim().to_ascii_lowercase().as_str(), "" | "none")
}

pub(super) fn unreadable(name: &'static str, value: &str, expected: &str) -> SettingsError {
    SettingsError { name, reason: format!("`{value}` is not {expected}") }
}
