//! Parameters of the query string that several operations share, declared once.

/// Declares a struct of optional parameters, which an operation takes as one argument named `query`. Each is read and
/// refused as if it were an argument of its own; the document lists them by name.
macro_rules! query_parameters {
    (
        $(#[doc = $about:literal])*
        $name:ident {
            $($(#[doc = $doc:literal])+ $field:ident: $type:ty,)+
        }
    ) => {
        $(#[doc = $about])*
        #[cfg_attr(test, derive(Default))]
        pub(super) struct $name {
            $($(#[doc = $doc])+ pub $field: Option<$type>,)+
        }

        impl<'a> ::poem_openapi::ApiExtractor<'a> for $name {
            const TYPES: &'static [::poem_openapi::ApiExtractorType] = &[::poem_openapi::ApiExtractorType::Parameter];

            type ParamType = ();
            type ParamRawType = ();

            fn register(registry: &mut ::poem_openapi::registry::Registry) {
                $(<$type as ::poem_openapi::types::Type>::register(registry);)+
            }

            fn param_in() -> Option<::poem_openapi::registry::MetaParamIn> {
                Some(::poem_openapi::registry::MetaParamIn::Query)
            }

            /// An object with the parameters as its properties, which the document puts in its place.
            fn param_schema_ref() -> Option<::poem_openapi::registry::MetaSchemaRef> {
                use ::poem_openapi::registry::{MetaSchema, MetaSchemaRef};
                use ::poem_openapi::types::Type;

                let properties = vec![$({
                    let description = concat!($($doc, "\n"),+);
                    let about = MetaSchema { description: Some(description), ..MetaSchema::ANY };
                    (stringify!($field), <$type as Type>::schema_ref().merge(about))
                }),+];
                Some(MetaSchemaRef::Inline(Box::new(MetaSchema { properties, ..MetaSchema::new("object") })))
            }

            async fn from_request(
                request: &'a ::poem::Request,
                body: &mut ::poem::RequestBody,
                _: ::poem_openapi::ExtractParamOptions<()>,
            ) -> ::poem::Result<Self> {
                use ::poem_openapi::param::Query;
                use ::poem_openapi::{ApiExtractor, ExtractParamOptions};

                Ok(Self {
                    $($field: {
                        let options = ExtractParamOptions {
                            name: stringify!($field),
                            ignore_case: false,
                            default_value: None,
                            example_value: None,
                            explode: true,
                            style: None,
                        };
                        <Query<Option<$type>> as ApiExtractor>::from_request(request, body, options).await?.0
                    },)+
                })
            }
        }
    };
}

pub(super) use query_parameters;
