//! Writes diesel's table and the descriptions of the columns.

use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};
use syn::ext::IdentExt as _;
use syn::spanned::Spanned as _;
use syn::{Expr, Lit};

use super::ast::{Column, Kind, Model};
use super::attr::FieldAttr;
use crate::types::{generic, optional};

/// Diesel's table, by a macro of the framework.
pub(super) fn table(model: &Model) -> TokenStream {
    let (ident, module, table) = (model.ident(), model.module(), model.table());
    let key = model.key().unwrap_or(0);
    let key = model.columns.get(key).map(|column| &column.ident);
    let idents = || model.columns.iter().map(|column| &column.ident);
    let others = idents().filter(|ident| Some(*ident) != key);
    // the table itself goes by this name in `dsl`
    let in_dsl = idents().filter(|ident| **ident != module);
    let columns = model.columns.iter().map(|column| {
        let (ident, sql, operators) = (&column.ident, sql(column), operators(column.kind));
        let name = column.column();
        let doc = format!("The column `{name}`.");
        quote!(#[doc = #doc] #ident #name #sql [#operators],)
    });
    let write = if model.columns.len() > 16 { "large_table" } else { "table" };
    let write = format_ident!("{write}");
    let doc = format!("The table `{table}` of [`{ident}`], in diesel's terms.");
    quote! {
        ::quintet::__private::#write! {
            #[doc = #doc]
            #module #table (#key; #(#others)*; #(#in_dsl)*) {
                #(#columns)*
            }
        }
    }
}

/// Diesel's SQL type.
fn sql(column: &Column) -> TokenStream {
    let st = quote!(::quintet::__private::diesel::sql_types);
    let own = quote!(::quintet::values::types::sql_types);
    let sql = match column.kind {
        Kind::SmallInt => quote!(#st::SmallInt),
        Kind::Integer => quote!(#st::Integer),
        Kind::BigInt => quote!(#st::BigInt),
        Kind::Float => quote!(#st::Double),
        Kind::Bool => quote!(#st::Bool),
        Kind::Text => quote!(#st::Text),
        Kind::Decimal => quote!(#st::Numeric),
        Kind::DateTime => quote!(#own::Moment),
        Kind::Date => quote!(#st::Date),
        Kind::Time => quote!(#st::Time),
        Kind::Uuid => quote!(#own::Uuid),
        Kind::Json => quote!(#own::Json),
        Kind::Duration => quote!(#own::Span),
        Kind::Binary => quote!(#st::Binary),
        Kind::Ip => quote!(#own::Inet),
        Kind::Array => quote!(#own::Array),
        // the module of the table knows its columns, but not the types of the model
        Kind::Choices => {
            let ident = &column.ident;
            quote!(::quintet::__private::choices::SqlTypeOf<#ident>)
        }
    };
    if column.nullable { quote!(#st::Nullable<#sql>) } else { sql }
}

/// The operators of diesel's that a column has, each with its method: arithmetic of numbers, and
/// spans added to days and times.
fn operators(kind: Kind) -> TokenStream {
    match kind {
        kind if kind.is_number() => quote!(Add add Sub sub Mul mul Div div),
        Kind::Date | Kind::Time => quote!(Add add Sub sub),
        Kind::Choices => quote!(choices),
        _ => TokenStream::new(),
    }
}

/// What the type of choices of a column stores.
fn stored(column: &Column) -> TokenStream {
    let choices = optional(&column.ty).0;
    quote_spanned!(choices.span()=> <#choices as ::quintet::db::Choices>::Stored)
}

/// The variant of `ColumnKind`.
fn kind(column: &Column) -> TokenStream {
    if column.kind == Kind::Choices {
        let stored = stored(column);
        return quote!(<#stored as ::quintet::db::StoredChoice>::KIND);
    }
    if column.kind == Kind::Array
        && let Some(item) = generic(&optional(&column.ty).0, "Vec")
    {
        let item = quote_spanned!(item.span()=> <#item as ::quintet::db::ArrayItem>::KIND);
        return quote!(::quintet::db::ColumnKind::Array(&#item));
    }
    let variant = format_ident!("{}", format!("{:?}", column.kind));
    let digits = (column.kind == Kind::Decimal).then(|| {
        let (digits, places) = match &column.attr.decimal {
            Some((digits, places)) => (quote!(#digits), quote!(#places)),
            None => (quote!(10), quote!(2)),
        };
        quote!({ digits: #digits, places: #places })
    });
    quote!(::quintet::db::ColumnKind::#variant #digits)
}

/// The bounds of a column: the declared ones, or else those of `positive`.
fn bounds(column: &Column) -> [Option<String>; 2] {
    let positive = column.kind.range().filter(|_| column.attr.says("positive"));
    let (min, max) = (&column.attr.min_value, &column.attr.max_value);
    [
        min.as_ref().map(|bound| bound.text.clone()).or(positive.map(|_| "0".to_owned())),
        max.as_ref().map(|bound| bound.text.clone()).or(positive.map(|(_, max)| max.to_string())),
    ]
}

/// The description of a column: its name and kind, and what the struct says beside.
pub(super) fn meta(column: &Column) -> TokenStream {
    let attr = &column.attr;
    let (name, db_column, ty) = (column.name(), column.column(), &column.ty);
    let nullable = column.nullable;
    let mut steps: Vec<TokenStream> = Vec::new();
    let mut step = |is_said: bool, method: TokenStream| {
        if is_said {
            steps.push(method);
        }
    };
    step(db_column != name, quote!(.column(#db_column)));
    step(nullable, quote!(.nullable()));
    if let Some(blank) = attr.blank {
        step(blank != nullable, quote!(.blank(#blank)));
    }
    if let Some(max_length) = &attr.max_length {
        step(true, quote!(.max_length(#max_length)));
    } else {
        step(attr.upload_to.is_some(), quote!(.max_length(100)));
    }
    if let Some(upload_to) = &attr.upload_to {
        let file = file(attr, upload_to);
        step(true, quote!(.file(#file)));
    }
    let [min_value, max_value] = bounds(column);
    step(min_value.is_some(), quote!(.min_value(#min_value)));
    step(max_value.is_some(), quote!(.max_value(#max_value)));
    step(attr.says("positive"), quote!(.positive()));
    step(attr.says("unique"), quote!(.unique()));
    step(attr.says("index"), quote!(.index()));
    step(attr.says("one_to_one"), quote!(.one_to_one()));
    let default = quote!(::quintet::db::ColumnDefault);
    step(attr.says("auto_now"), quote!(.default(#default::AutoNow)));
    step(attr.says("auto_now_add"), quote!(.default(#default::AutoNowAdd)));
    if let Some(value) = &attr.default {
        let value = quote!(<#ty as ::quintet::values::FieldType>::into_value((#value).into()));
        step(true, quote!(.default(#default::Value(|| #value))));
    }
    if let Some(choices) = &attr.choices {
        step(true, quote!(.choices(#choices)));
    }
    if column.kind == Kind::Choices {
        let choices = optional(ty).0;
        step(true, quote!(.choices(<#choices as ::quintet::db::Choices>::CHOICES)));
    }
    step(attr.says("email"), quote!(.email()));
    for (word, form) in [
        ("slug", "Slug"),
        ("unicode_slug", "UnicodeSlug"),
        ("url", "Url"),
        ("ipv4", "Ipv4"),
        ("ipv6", "Ipv6"),
    ] {
        let form = format_ident!("{form}");
        step(attr.says(word), quote!(.form(::quintet::db::ColumnForm::#form)));
    }
    if let Some(size) = &attr.size {
        step(true, quote!(.max_length(#size)));
    }
    if let Some(name) = &attr.verbose_name {
        step(true, quote!(.verbose_name(#name)));
    }
    // as in Django, bytes are not edited where nothing is said
    let editable = attr.editable.unwrap_or(column.kind != Kind::Binary);
    step(!editable, quote!(.editable(false)));
    let checks = validators(column);
    step(!checks.is_empty(), quote!(.validators(&[#(#checks),*])));
    if let Some(regex) = &attr.regex {
        let pattern = quote!(::core::convert::Into::into(::core::clone::Clone::clone(&#regex)));
        step(true, quote!(.regex(|| #pattern)));
    }
    let texts = attr.errors.iter().map(|(code, text)| quote!((#code, #text)));
    step(!attr.errors.is_empty(), quote!(.errors(&[#(#texts),*])));
    if let Some(help_text) = &attr.help_text {
        step(true, quote!(.help_text(#help_text)));
    }
    if let Some(to) = &attr.foreign_key {
        let on_delete = attr.on_delete.clone().unwrap_or_else(|| format_ident!("Cascade"));
        step(true, quote!(.references::<#to>(::quintet::db::OnDelete::#on_delete)));
    }
    if let (Some(to), Some(make)) = (&attr.foreign_key, &attr.limit_choices_to) {
        let condition = quote!(|| ::quintet::__private::condition::<#to>(#make));
        step(true, quote!(.limit_choices_to(#condition)));
    }
    step(attr.says("acyclic"), quote!(.acyclic()));
    let dates = attr.unique_for.iter().map(|(word, date)| {
        let period = match word.to_string().as_str() {
            "unique_for_date" => quote!(Date),
            "unique_for_month" => quote!(Month),
            _ => quote!(Year),
        };
        let date = date.unraw().to_string();
        quote!((::quintet::db::UniqueFor::#period, #date))
    });
    step(!attr.unique_for.is_empty(), quote!(.unique_for(&[#(#dates),*])));
    if let Some(name) = &attr.related_name {
        let name = name.to_string();
        step(true, quote!(.related_name(#name)));
    }
    let kind = kind(column);
    quote!(::quintet::db::ColumnMeta::new(#name, #kind) #(#steps)*)
}

/// What a column of files says of them.
fn file(attr: &FieldAttr, upload_to: &Expr) -> TokenStream {
    let to = quote!(::quintet::db::UploadTo);
    let to = match upload_to {
        Expr::Lit(literal) if matches!(literal.lit, Lit::Str(_)) => quote!(#to::Folder(#literal)),
        function => quote_spanned!(function.span()=> #to::Name(#function)),
    };
    let storage = attr.storage.iter().map(|name| quote!(.storage(#name)));
    let image = attr.word("image").map(|_| quote!(.image()));
    let sides = [("width_field", &attr.width_field), ("height_field", &attr.height_field)];
    let sides = sides.into_iter().filter_map(|(word, column)| {
        let (word, column) = (format_ident!("{word}"), column.as_ref()?.unraw().to_string());
        Some(quote!(.#word(#column)))
    });
    quote!(::quintet::db::FileColumn::new(#to) #(#storage)* #image #(#sides)*)
}

/// The checks of a column's values: the functions that are named, and the shape of typed JSON.
fn validators(column: &Column) -> Vec<TokenStream> {
    let plain = optional(&column.ty).0;
    // what is sent for a column of files is a file
    let sent = if column.attr.upload_to.is_some() {
        quote!(::quintet::files::UploadedFile)
    } else {
        quote!(#plain)
    };
    let named = column.attr.validators.iter().map(|check| {
        quote_spanned! {check.span()=>
            |value| ::quintet::fields::Validator::of::<#sent>(#check).check(value)
        }
    });
    let shape = generic(&plain, "Json")
        .map(|inner| quote_spanned!(inner.span()=> ::quintet::values::check_json::<#inner>));
    shape.into_iter().chain(named).collect()
}

/// The description without what the words say: for a model with mistakes.
pub(super) fn bare_meta(column: &Column) -> TokenStream {
    let (name, kind) = (column.name(), kind(column));
    quote!(::quintet::db::ColumnMeta::new(#name, #kind))
}
