package dev.flynn.api.certificate;

import dev.flynn.api.error.FlynnException;
import java.net.URI;
import java.util.Optional;
import java.util.regex.Pattern;
import org.apiguardian.api.API;

/**
 * Where a cluster gets certificates from, and as whom.
 *
 * @param directory the URL of the authority's ACME directory (RFC 8555, section 7.1.1)
 * @param email whom the authority tells when something is about to expire; none if not told
 * @param termsAgreed that somebody agreed to the authority's terms of service; nothing is asked for without
 * @param caCert PEM text of who signed the directory's own certificate, where the system does not know it
 * @param validation how domains are validated; the cluster chooses if not told
 * @param dnsProvider the name of what sets records of the DNS, for {@link AcmeValidation#DNS_01}
 */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public record AcmeSettings(
        String directory,
        Optional<String> email,
        boolean termsAgreed,
        Optional<String> caCert,
        Optional<AcmeValidation> validation,
        Optional<String> dnsProvider) {

    /** Let's Encrypt; its terms are behind the directory's {@code meta}. */
    public static final String LETS_ENCRYPT = "https://acme-v02.api.letsencrypt.org/directory";

    private static final Pattern EMAIL = Pattern.compile("[^\\s@]+@[^\\s@]+");

    public AcmeSettings {
        if (directory.isEmpty()) {
            directory = LETS_ENCRYPT;
        }
        requireHttps(directory);
        email.filter(address -> !EMAIL.matcher(address).matches()).ifPresent(address -> {
            throw FlynnException.invalidField(
                    "email", "must be an address like ops@example.com, was \"" + address + "\"");
        });
        if (!termsAgreed) {
            throw FlynnException.invalidField(
                    "terms_agreed", "must be true: read the terms of the authority behind " + directory + " first");
        }
        if (validation.equals(Optional.of(AcmeValidation.DNS_01)) && dnsProvider.isEmpty()) {
            throw FlynnException.invalidField(
                    "dns_provider", "must name what sets records of the DNS, because validation is dns-01");
        }
    }

    /** Those of an authority, with everything else left to the cluster; agrees to its terms. */
    public static AcmeSettings of(String directory) {
        return new AcmeSettings(
                directory, Optional.empty(), true, Optional.empty(), Optional.empty(), Optional.empty());
    }

    public AcmeSettings withCaCert(String pem) {
        return new AcmeSettings(directory, email, termsAgreed, Optional.of(pem), validation, dnsProvider);
    }

    public AcmeSettings withValidation(AcmeValidation wanted) {
        return new AcmeSettings(directory, email, termsAgreed, caCert, Optional.of(wanted), dnsProvider);
    }

    public AcmeSettings withDnsProvider(String name) {
        return new AcmeSettings(directory, email, termsAgreed, caCert, validation, Optional.of(name));
    }

    private static void requireHttps(String url) {
        try {
            URI uri = URI.create(url);
            if ("https".equals(uri.getScheme()) && uri.getHost() != null) {
                return;
            }
        } catch (IllegalArgumentException malformed) {
            // said below
        }
        throw FlynnException.invalidField("directory", "must be a URL that begins with https://, was \"" + url + "\"");
    }
}
