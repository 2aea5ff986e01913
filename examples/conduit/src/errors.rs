//! Every error as Conduit has it: `{"errors": {"title": ["can't be blank"]}}`, and 422 for 400.

use quintet::prelude::*;
use quintet::views::ErrorContext;

pub fn errors(error: &ApiException, response: Response, cx: &ErrorContext<'_>) -> Response {
    let noun = cx.view().and_then(|view| view.context.noun).map_or("body", |noun| noun.one_key());
    let noun = if error.to_string().contains("No Article") { "article" } else { noun };
    let messages = match (error, error.detail()) {
        (ApiException::NotAuthenticated(_), _) => Detail::field("token", ["is missing"]),
        (ApiException::AuthenticationFailed(_), _) => Detail::field("token", ["is invalid"]),
        (_, Detail::Map(fields)) => {
            let told = |(name, detail)| (name, reworded(detail).texts().into());
            Detail::Map(fields.into_iter().map(told).collect())
        }
        (ApiException::PermissionDenied(_), _) => Detail::field(noun, ["forbidden"]),
        (ApiException::NotFound(_), _) => Detail::field(noun, ["not found"]),
        (_, detail) => Detail::field("body", detail.texts()),
    };
    let status = if response.status == 400 { 422 } else { response.status };
    response.with_status(status).with_data(&Detail::field("errors", messages).to_json())
}

fn reworded(detail: Detail) -> Detail {
    match detail {
        Detail::Message { text, code } => match &*code {
            "blank" | "null" | "required" => "can't be blank".into(),
            "unique" => "has already been taken".into(),
            _ => Detail::new(text, code),
        },
        Detail::List(items) => Detail::List(items.into_iter().map(reworded).collect()),
        other => other,
    }
}
