//! Writes the expansion of `#[model]`.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::{ItemStruct, Path, Type};

use super::attr::{FieldAttr, ModelAttr, Stored};
use crate::errors::Errors;

/// A field of the struct.
pub(super) struct Column {
    ident: Ident,
    ty: Type,
    attr: FieldAttr,
    stored: Stored,
}

impl Column {
    /// The column in the database.
    fn column(&self) -> String {
        self.attr.column.as_ref().map_or_else(|| self.ident.to_string(), syn::LitStr::value)
    }

    /// Whether `Debug` hides the value; a `password` column is always hidden.
    fn is_secret(&self) -> bool {
        self.attr.secret || self.ident == "password" || self.column() == "password"
    }

    /// Django's name: `album` for `album_id`.
    fn name(&self) -> String {
        let name = self.ident.to_string();
        match (&self.attr.foreign_key, name.strip_suffix("_id")) {
            (Some(_), Some(name)) => name.to_owned(),
            _ => name,
        }
    }
}

pub(super) fn columns(item: &mut ItemStruct, errors: &mut Errors) -> Vec<Column> {
    let mut columns = Vec::new();
    let syn::Fields::Named(fields) = &mut item.fields else {
        errors.at(&item.ident, "a model is a struct with named fields");
        return columns;
    };
    for field in &mut fields.named {
        let attr = FieldAttr::take(&mut field.attrs, errors);
        let Some(ident) = field.ident.clone() else { continue };
        let Some(stored) = Stored::of(&field.ty) else {
            errors.at(&field.ty, "this type cannot be a column");
            continue;
        };
        if attr.positive && !matches!(stored.word.as_str(), "i16" | "i32" | "i64") {
            errors.at(&field.ty, "`positive` is for `i16`, `i32` and `i64`");
        }
        columns.push(Column { ident, ty: field.ty.clone(), attr, stored });
    }
    columns
}

/// The column's kind and diesel's SQL type.
fn kinds(column: &Column, errors: &mut Errors) -> (TokenStream, TokenStream) {
    let kind = quote!(::quintet::db::ColumnKind);
    let st = quote!(::quintet::__private::diesel::sql_types);
    let own = quote!(::quintet::values::types::sql_types);
    let (kind, sql) = match column.stored.word.as_str() {
        "i16" => (quote!(#kind::SmallInt), quote!(#st::SmallInt)),
        "i32" => (quote!(#kind::Integer), quote!(#st::Integer)),
        "i64" => (quote!(#kind::BigInt), quote!(#st::BigInt)),
        "f64" => (quote!(#kind::Float), quote!(#st::Double)),
        "bool" => (quote!(#kind::Bool), quote!(#st::Bool)),
        "String" => (quote!(#kind::Text), quote!(#st::Text)),
        "Decimal" => {
            let (digits, places) = if let Some((digits, places)) = &column.attr.decimal {
                (quote!(#digits), quote!(#places))
            } else {
                errors.at(&column.ty, "say how many digits: `#[field(decimal(10, 2))]`");
                (quote!(10), quote!(2))
            };
            (quote!(#kind::Decimal { digits: #digits, places: #places }), quote!(#st::Numeric))
        }
        "DateTime" => (quote!(#kind::DateTime), quote!(#own::Moment)),
        "NaiveDate" | "Date" => (quote!(#kind::Date), quote!(#st::Date)),
        "NaiveTime" | "Time" => (quote!(#kind::Time), quote!(#st::Time)),
        "Uuid" => (quote!(#kind::Uuid), quote!(#own::Uuid)),
        other => {
            errors.push(syn::Error::new(
                column.stored.span,
                format!(
                    "`{other}` cannot be a column; one of `i16`, `i32`, `i64`, `f64`, `bool`, \
                     `String`, `Decimal`, `DateTime`, `NaiveDate`, `NaiveTime`, `Uuid`, or an \
                     `Option` of one"
                ),
            ));
            (quote!(#kind::Text), quote!(#st::Text))
        }
    };
    let sql = if column.stored.nullable { quote!(#st::Nullable<#sql>) } else { sql };
    (kind, sql)
}

/// The operators of diesel's that a column has, each with its method: arithmetic of numbers, and
/// spans added to days and times.
fn operators(word: &str) -> TokenStream {
    match word {
        "i16" | "i32" | "i64" | "f64" | "Decimal" => quote!(Add add Sub sub Mul mul Div div),
        "NaiveDate" | "Date" | "NaiveTime" | "Time" => quote!(Add add Sub sub),
        _ => TokenStream::new(),
    }
}

/// The bounds of a column: the declared ones, or else those of `positive`.
fn bounds(column: &Column) -> (Option<String>, Option<String>) {
    let greatest = match column.stored.word.as_str() {
        "i16" => i64::from(i16::MAX),
        "i32" => i64::from(i32::MAX),
        _ => i64::MAX,
    };
    let positive = |bound: i64| column.attr.positive.then(|| bound.to_string());
    let FieldAttr { min_value, max_value, .. } = &column.attr;
    (min_value.clone().or_else(|| positive(0)), max_value.clone().or_else(|| positive(greatest)))
}

/// The description of a column: its name and kind, and what the struct says beside.
fn meta(column: &Column, kind: &TokenStream) -> TokenStream {
    let FieldAttr { max_length, unique, choices, email, regex, errors, help_text, .. } =
        &column.attr;
    let (name, db_column, ty) = (column.name(), column.column(), &column.ty);
    let nullable = column.stored.nullable;
    let mut steps: Vec<TokenStream> = Vec::new();
    let mut step = |is_said: bool, method: TokenStream| {
        if is_said {
            steps.push(method);
        }
    };
    step(db_column != name, quote!(.column(#db_column)));
    step(nullable, quote!(.nullable()));
    if let Some(blank) = column.attr.blank {
        step(blank != nullable, quote!(.blank(#blank)));
    }
    step(max_length.is_some(), quote!(.max_length(#max_length)));
    let (min_value, max_value) = bounds(column);
    step(min_value.is_some(), quote!(.min_value(#min_value)));
    step(max_value.is_some(), quote!(.max_value(#max_value)));
    step(*unique, quote!(.unique()));
    let default = quote!(::quintet::db::ColumnDefault);
    if column.attr.auto_now {
        step(true, quote!(.default(#default::AutoNow)));
    } else if column.attr.auto_now_add {
        step(true, quote!(.default(#default::AutoNowAdd)));
    } else if let Some(value) = &column.attr.default {
        let value = quote!(<#ty as ::quintet::values::FieldType>::into_value((#value).into()));
        step(true, quote!(.default(#default::Value(|| #value))));
    }
    step(choices.is_some(), quote!(.choices(#choices)));
    step(*email, quote!(.email()));
    if let Some(regex) = regex {
        let pattern = quote!(::core::convert::Into::into(::core::clone::Clone::clone(&#regex)));
        step(true, quote!(.regex(|| #pattern)));
    }
    let texts = errors.iter().map(|(code, text)| quote!((#code, #text)));
    step(!errors.is_empty(), quote!(.errors(&[#(#texts),*])));
    step(help_text.is_some(), quote!(.help_text(#help_text)));
    if let Some(to) = &column.attr.foreign_key {
        let on_delete = column.attr.on_delete.clone().unwrap_or_else(|| format_ident!("Cascade"));
        step(true, quote!(.references::<#to>(::quintet::db::OnDelete::#on_delete)));
    }
    step(column.attr.acyclic.is_some(), quote!(.acyclic()));
    quote!(::quintet::db::ColumnMeta::new(#name, #kind) #(#steps)*)
}

pub(super) fn model(
    attr: &ModelAttr,
    item: &ItemStruct,
    columns: &[Column],
    errors: &mut Errors,
) -> TokenStream {
    let ident = &item.ident;
    let name = ident.to_string();
    let module = format_ident!("{}", snake(&name));
    let fields = format_ident!("{ident}Fields");
    let table = attr.table.as_ref().map_or_else(|| name.to_lowercase(), syn::LitStr::value);
    let app = attr.app.as_ref().map_or_else(
        || table.split_once('_').map_or("", |(app, _)| app).to_owned(),
        syn::LitStr::value,
    );
    let verbose_name = attr
        .verbose_name
        .as_ref()
        .map_or_else(|| snake(&name).replace('_', " "), syn::LitStr::value);
    let pk = columns
        .iter()
        .position(|c| c.attr.primary_key)
        .or_else(|| columns.iter().position(|c| c.ident == "id"));
    if !matches!(item.vis, syn::Visibility::Public(_)) {
        errors.at(ident, "a model is public, as its table and its columns are: write `pub struct`");
    }
    if pk.is_none() {
        errors.at(
            ident,
            "a model needs a primary key: a field `id`, or `#[field(primary_key)]` on one",
        );
    }
    let pk = pk.unwrap_or(0);
    for column in columns {
        let Some(word) = &column.attr.acyclic else { continue };
        let to = column.attr.foreign_key.as_ref().and_then(|to| to.segments.last());
        if to.is_none_or(|to| to.ident != *ident) || !column.stored.nullable {
            let message = format!(
                "`acyclic` needs an `Option` field with `foreign_key = {ident}`: root rows have no \
                 parent"
            );
            errors.push(syn::Error::new(word.span(), message));
        }
    }
    let index = |name: &Ident, errors: &mut Errors| {
        let found = columns.iter().position(|c| *name == c.name() || c.ident == *name);
        if found.is_none() {
            errors.push(syn::Error::new(name.span(), format!("`{ident}` has no field `{name}`")));
        }
        found.unwrap_or(0)
    };
    let ordering: Vec<_> = attr
        .ordering
        .iter()
        .map(|(name, descending)| {
            let index = index(name, errors);
            quote!((#index, #descending))
        })
        .collect();
    let unique_together: Vec<_> = attr
        .unique_together
        .iter()
        .map(|names| {
            let members: Vec<_> = names.iter().map(|name| index(name, errors)).collect();
            quote!(&[#(#members),*])
        })
        .collect();

    let kinds: Vec<_> = columns.iter().map(|column| kinds(column, errors)).collect();
    let metas = columns.iter().zip(&kinds).map(|(column, (kind, _))| meta(column, kind));
    let table_columns = columns.iter().zip(&kinds).map(|(column, (_, sql))| {
        let ident = &column.ident;
        let sql_name = column.column();
        let doc = format!("The column `{sql_name}`.");
        let operators = operators(&column.stored.word);
        quote!(#[doc = #doc] #ident #sql_name #sql [#operators],)
    });
    let pk_ident = columns.get(pk).map(|c| &c.ident);
    // the table itself goes by this name in `dsl`
    let dsl_idents = columns.iter().map(|c| &c.ident).filter(|ident| **ident != module);
    let other_idents = columns.iter().map(|c| &c.ident).filter(|ident| Some(*ident) != pk_ident);
    let (idents, types): (Vec<_>, Vec<_>) = columns.iter().map(|c| (&c.ident, &c.ty)).unzip();
    let reads = columns.iter().enumerate().map(|(at, column)| {
        let ident = &column.ident;
        quote!(#ident: row.get(at + #at, Self::META.columns[#at].kind)?,)
    });
    let values = columns.iter().enumerate().map(|(at, column)| {
        let ident = &column.ident;
        quote!(#at => ::quintet::fields::FieldType::value_ref(&self.#ident),)
    });
    let typed_columns = columns.iter().enumerate().map(|(at, column)| {
        let (field, ty) = (&column.ident, &column.ty);
        quote! {
            impl ::quintet::db::Column for #module::#field {
                type Model = #ident;
                type Value = #ty;
                const INDEX: usize = #at;
            }
        }
    });
    let links = attr.many_to_many.iter().map(|link| {
        let (to, through, source, target) = (&link.to, &link.through, &link.source, &link.target);
        quote!(::quintet::db::LinkTable::new::<#to>(#through, #source, #target))
    });
    let constants = constants(attr, ident);
    let links: Vec<_> = links.collect();
    let said = [
        (verbose_name != name, quote!(.verbose_name(#verbose_name))),
        (!app.is_empty(), quote!(.app_label(#app))),
        (pk != 0, quote!(.primary_key(#pk))),
        (!ordering.is_empty(), quote!(.ordering(&[#(#ordering),*]))),
        (!unique_together.is_empty(), quote!(.unique_together(&[#(#unique_together),*]))),
        (!links.is_empty(), quote!(.links(&[#(#links),*]))),
    ];
    let said = said.into_iter().filter_map(|(is_said, method)| is_said.then_some(method));
    let paths = paths(attr, ident, columns);
    let relations = relations(attr, ident, &module, columns);
    let debug = debug(ident, columns);
    let display = attr.display.as_ref().map(|text| display(ident, text, columns));
    let vis = &item.vis;
    let doc = format!("Paths that lead through [`{ident}`]: one method a column or relation.");

    let write_table = match columns.len() {
        ..=16 => format_ident!("table"),
        17..=32 => format_ident!("large_table"),
        count => {
            errors.at(ident, format!("a model has 32 columns at most, and this one {count}"));
            format_ident!("table")
        }
    };
    let table_doc = format!("The table `{table}` of [`{ident}`], in diesel's terms.");
    quote! {
        #[derive(Clone, PartialEq)]
        #item

        #debug

        ::quintet::__private::#write_table! {
            #[doc = #table_doc]
            #module #table (#pk_ident; #(#other_idents)*; #(#dsl_idents)*) {
                #(#table_columns)*
            }
        }

        impl<DB, ST> ::quintet::__private::schema::Queryable<ST, DB> for #ident
        where
            DB: ::quintet::__private::schema::Backend,
            (#(#types,)*): ::quintet::__private::schema::FromStaticSqlRow<ST, DB>,
        {
            type Row = (#(#types,)*);

            fn build(
                (#(#idents,)*): Self::Row,
            ) -> ::quintet::__private::schema::DeserializeResult<Self> {
                ::core::result::Result::Ok(Self { #(#idents,)* })
            }
        }

        impl<DB> ::quintet::__private::schema::Selectable<DB> for #ident
        where
            DB: ::quintet::__private::schema::Backend,
        {
            type SelectExpression = (#(#module::#idents,)*);

            fn construct_selection() -> Self::SelectExpression {
                #module::all_columns
            }
        }

        #(#typed_columns)*

        impl ::quintet::db::Model for #ident {
            type Table = #module::table;
            type Fields<Root, C> = #fields<Root, C>;

            const META: &'static ::quintet::db::ModelMeta =
                &::quintet::db::ModelMeta::new::<#ident>(#name, #table, &[#(#metas),*]) #(#said)*;

            fn from_row(
                row: &::quintet::db::Row<'_>,
                at: usize,
            ) -> ::core::result::Result<Self, ::quintet::db::Error> {
                ::core::result::Result::Ok(Self { #(#reads)* })
            }

            fn value(&self, column: usize) -> ::quintet::fields::ValueRef<'_> {
                match column {
                    #(#values)*
                    _ => ::quintet::fields::ValueRef::Null,
                }
            }
        }

        impl #ident {
            #constants

            /// Every row, as a query that has not been sent yet.
            pub fn objects() -> ::quintet::db::QuerySet<Self> {
                ::quintet::db::QuerySet::new()
            }

            /// The columns and relations, as the start of a path.
            pub fn fields() -> #fields<Self> {
                ::quintet::db::Fields::at(::quintet::__private::Way::start::<Self>())
            }
        }

        #[doc = #doc]
        #[derive(Debug, Clone)]
        #vis struct #fields<Root, C = ::quintet::db::One> {
            way: ::quintet::__private::Way,
            types: ::core::marker::PhantomData<fn() -> (Root, C)>,
        }

        impl<Root, C> ::quintet::db::Fields for #fields<Root, C> {
            type Root = Root;
            type Model = #ident;
            type Cardinality = C;

            fn at(way: ::quintet::__private::Way) -> Self {
                Self { way, types: ::core::marker::PhantomData }
            }

            fn way(self) -> ::quintet::__private::Way {
                self.way
            }
        }

        impl<Root, C> ::quintet::db::PathOf<Root> for #fields<Root, C> {
            type Cardinality = C;

            fn into_path(self) -> ::quintet::db::Path {
                self.way.key()
            }
        }

        #[allow(missing_docs)]
        impl<Root, C> #fields<Root, C> {
            #paths
        }

        #relations
        #display
    }
}

/// Writes `Debug`, without secret values.
fn debug(model: &Ident, columns: &[Column]) -> TokenStream {
    let fields = columns.iter().map(|column| {
        let ident = &column.ident;
        let name = ident.to_string();
        if column.is_secret() {
            quote!(.field(#name, &::core::format_args!("..")))
        } else {
            quote!(.field(#name, &self.#ident))
        }
    });
    quote! {
        impl ::core::fmt::Debug for #model {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                f.debug_struct(::core::stringify!(#model)) #(#fields)* .finish()
            }
        }
    }
}

/// The model's text: a format string over its fields (Django's `__str__`).
fn display(model: &Ident, text: &syn::LitStr, columns: &[Column]) -> TokenStream {
    let value = text.value();
    let used = columns.iter().map(|column| &column.ident).filter(|ident| {
        value.contains(&format!("{{{ident}}}")) || value.contains(&format!("{{{ident}:"))
    });
    quote! {
        impl ::core::fmt::Display for #model {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                let Self { #(#used,)* .. } = self;
                ::core::write!(f, #text)
            }
        }
    }
}

/// One method a column, relation and computed column.
fn paths(attr: &ModelAttr, model: &Ident, columns: &[Column]) -> TokenStream {
    let columns = columns.iter().enumerate().map(|(at, column)| {
        let (ident, ty) = (&column.ident, &column.ty);
        let relation = column.attr.foreign_key.as_ref().and_then(|to| {
            let name = column.name();
            if *ident == name {
                return None;
            }
            let name = format_ident!("{name}", span = ident.span());
            Some(quote! {
                pub fn #name(self) -> <#to as ::quintet::db::Model>::Fields<Root, C> {
                    ::quintet::db::Fields::at(self.way.forward::<#model, #to>(#at))
                }
            })
        });
        quote! {
            pub fn #ident(self) -> ::quintet::db::FieldPath<Root, #ty, C> {
                self.way.column(&<#model as ::quintet::db::Model>::META.columns[#at])
            }
            #relation
        }
    });
    let annotations = annotations(attr).map(|(name, ty, _)| {
        let constant = constant_of(name);
        quote! {
            pub fn #name(self) -> ::quintet::db::FieldPath<Root, #ty, C> {
                self.way.annotation(#model::#constant.meta())
            }
        }
    });
    let links = attr.many_to_many.iter().map(|link| {
        let (name, to, through, source, target) =
            (&link.name, &link.to, &link.through, &link.source, &link.target);
        let text = name.to_string();
        quote! {
            pub fn #name(self) -> <#to as ::quintet::db::Model>::Fields<Root, ::quintet::db::Many> {
                ::quintet::db::Fields::at(
                    self.way.through::<#model, #to>(#text, [#through, #source, #target]),
                )
            }
        }
    });
    quote!(#(#columns)* #(#annotations)* #(#links)*)
}

/// The annotations of a model, those included that count.
fn annotations(attr: &ModelAttr) -> impl Iterator<Item = (&Ident, TokenStream, TokenStream)> {
    let counts = attr.counts.iter().map(|(name, of)| {
        let closure = quote_spanned!(of.span()=> |fields| ::quintet::db::Count::of(fields.#of()));
        (name, quote!(i64), closure)
    });
    let declared =
        attr.annotations.iter().map(|(name, ty, closure)| (name, quote!(#ty), quote!(#closure)));
    counts.chain(declared)
}

/// A constant for each annotation, for what a query set gives in its place.
fn constants(attr: &ModelAttr, model: &Ident) -> TokenStream {
    let constants = annotations(attr).map(|(name, ty, closure)| {
        let (constant, text) = (constant_of(name), name.to_string());
        let doc = format!("The annotation `{name}`.");
        quote! {
            #[doc = #doc]
            pub const #constant: ::quintet::db::Annotation<Self, #ty> = {
                static META: ::quintet::db::AnnotationMeta = ::quintet::db::AnnotationMeta::new(
                    #text,
                    || ::quintet::__private::annotation::<#model, #ty, _>(#closure),
                );
                ::quintet::db::Annotation::new(&META)
            };
        }
    });
    quote!(#(#constants)*)
}

/// `album_count` to `ALBUM_COUNT`.
fn constant_of(name: &Ident) -> Ident {
    format_ident!("{}", name.to_string().to_uppercase(), span = name.span())
}

/// The reverse relations of the models that this one points at, and diesel's joins.
fn relations(attr: &ModelAttr, model: &Ident, module: &Ident, columns: &[Column]) -> TokenStream {
    let own = format_ident!("{model}Fields");
    let mut joined: Vec<String> = Vec::new();
    let reverse = columns.iter().filter_map(|column| {
        let (to, name) = (column.attr.foreign_key.as_ref()?, column.attr.related_name.as_ref()?);
        let (text, fields, db_column) = (name.to_string(), fields_of(to), column.column());
        let key = quote!(#to).to_string();
        let foreign = column.attr.foreign;
        let join = (!to.is_ident(model) && !joined.contains(&key) && !foreign).then(|| {
            let parent = module_of(to);
            let ident = &column.ident;
            quote! {
                ::quintet::__private::diesel::joinable!(#module -> #parent (#ident));
                ::quintet::__private::diesel::allow_tables_to_appear_in_same_query!(#module, #parent);
            }
        });
        joined.push(key);
        if foreign {
            let target = &to.segments.last()?.ident;
            let extension = format_ident!("{model}Of{target}");
            let doc = format!("The way from [`{target}`] to its rows of [`{model}`].");
            return Some(quote_spanned! {name.span()=>
                #[doc = #doc]
                pub trait #extension<Root> {
                    #[allow(missing_docs)]
                    fn #name(self) -> #own<Root, ::quintet::db::Many>;
                }

                impl<Root, C> #extension<Root> for #fields<Root, C> {
                    fn #name(self) -> #own<Root, ::quintet::db::Many> {
                        ::quintet::db::Fields::at(
                            ::quintet::db::Fields::way(self).reverse::<#model>(#text, #db_column),
                        )
                    }
                }
            });
        }
        Some(quote_spanned! {name.span()=>
            #[allow(missing_docs)]
            impl<Root, C> #fields<Root, C> {
                pub fn #name(self) -> #own<Root, ::quintet::db::Many> {
                    ::quintet::db::Fields::at(
                        ::quintet::db::Fields::way(self).reverse::<#model>(#text, #db_column),
                    )
                }
            }
            #join
        })
    });
    let reverse: Vec<_> = reverse.collect();
    let links = attr.many_to_many.iter().filter_map(|link| {
        let name = link.related_name.as_ref()?;
        let (to, through, source, target) = (&link.to, &link.through, &link.source, &link.target);
        let (text, fields) = (name.to_string(), fields_of(to));
        Some(quote! {
            #[allow(missing_docs)]
            impl<Root, C> #fields<Root, C> {
                pub fn #name(self) -> #own<Root, ::quintet::db::Many> {
                    ::quintet::db::Fields::at(
                        ::quintet::db::Fields::way(self)
                            .through::<#to, #model>(#text, [#through, #target, #source]),
                    )
                }
            }
        })
    });
    quote!(#(#reverse)* #(#links)*)
}

/// `models::Album` to `models::AlbumFields`.
fn fields_of(model: &Path) -> Path {
    let mut path = model.clone();
    if let Some(last) = path.segments.last_mut() {
        last.ident = format_ident!("{}Fields", last.ident);
    }
    path
}

/// `models::Album` to `models::album`.
fn module_of(model: &Path) -> Path {
    let mut path = model.clone();
    if let Some(last) = path.segments.last_mut() {
        last.ident = format_ident!("{}", snake(&last.ident.to_string()), span = last.ident.span());
    }
    path
}

/// `MediaType` to `media_type`.
fn snake(name: &str) -> String {
    let mut result = String::new();
    for (index, letter) in name.char_indices() {
        if letter.is_uppercase() {
            if index > 0 {
                result.push('_');
            }
            result.extend(letter.to_lowercase());
        } else {
            result.push(letter);
        }
    }
    result
}
