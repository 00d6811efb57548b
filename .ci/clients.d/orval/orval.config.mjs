// The document, the client and the server that it asks are the script's to name.
const { GHOSTWORKS_URL, OPENAPI_DOCUMENT, OPENAPI_CLIENT } = process.env;

export default {
  ghostworks: {
    input: { target: OPENAPI_DOCUMENT },
    output: { target: OPENAPI_CLIENT, client: "fetch", mode: "single", baseUrl: GHOSTWORKS_URL },
  },
};
