//! A user model of the project's own: customers, who log in with their email address.
//!
//! `UserModel` names the field to log in with; the fields `password` and `is_active` are recognised by
//! their names, as in Django. Everything that works with accounts works with customers.
//!
//! ```text
//! cargo run -p snippets -- user_model
//! curl -d email=ada@example.com -d 'password=correct horse' http://127.0.0.1:8000/api/register/
//! {"email":"ada@example.com","points":0}
//! curl -u 'ada@example.com:correct horse' http://127.0.0.1:8000/api/me/
//! {"email":"ada@example.com","points":0}
//! ```

use std::sync::Arc;

use quintet::auth::{NewUser, UserAttributes, UserModel, validate_password};
use quintet::authentication::BasicAuthentication;
use quintet::prelude::*;

#[model(app = "shop", ordering(id))]
pub struct Customer {
    pub id: i64,
    #[field(max_length = 254, unique, email)]
    pub email: String,
    #[field(max_length = 128)]
    pub password: String,
    #[field(default = 0)]
    pub points: i32,
    #[field(default = true)]
    pub is_active: bool,
}

impl UserModel for Customer {
    const USERNAME_FIELD: &'static str = "email";
}

#[derive(Serializer)]
pub struct Registration {
    #[field(max_length = 254, kind = email)]
    email: String,
    #[field(write_only)]
    password: String,
}

#[derive(Serializer)]
pub struct Me {
    email: String,
    points: i32,
}

async fn register(new: Valid<Registration>, cx: &mut Context) -> Result<Json<Me>> {
    let attributes = UserAttributes::default().with("email", &new.email);
    validate_password(&new.password, &attributes, &cx.settings().auth)
        .map_err(|messages| ApiException::validation(Detail::field("password", messages)))?;
    cx.create_user(NewUser::new(&new.email).password(&new.password)).await?;
    Ok(Json(Me { email: new.email.clone(), points: 0 }))
}

async fn me(cx: &mut Context) -> Result<Json<Me>> {
    let Some(customer) = cx.user_as::<Customer>() else {
        return Err(ApiException::NotAuthenticated(None));
    };
    Ok(Json(Me { email: customer.email.clone(), points: customer.points }))
}

pub fn site(settings: Settings, database: Arc<Database>) -> Result<Arc<Site>, StartError> {
    let router = Router::new()
        .path(
            "register/",
            ApiView::new("Register").permissions(AllowAny).post(register),
            "register",
        )
        .path("me/", ApiView::new("Me").get(me), "me");
    let site = Site::builder(settings, database)
        .user_model::<Customer>()
        .authentication(BasicAuthentication::new())
        .permissions(IsAuthenticated)
        .mount(router.at("/api/"))
        .openapi(OpenApi::new("Customers", "1.0.0"))
        .build()?;
    Ok(site)
}
