package dev.flynn.router.nginx;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.flynn.router.nginx.NginxConfig.CertificateFiles;
import dev.flynn.spi.router.RouteTable.Certificate;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Collection;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** Certificates as files that only their owner reads, named after their content; and what nginx thinks of them. */
final class CertificateStore {

    private final Path directory;
    private final Map<Certificate, String> faults = new HashMap<>();

    CertificateStore(Path directory) {
        this.directory = directory;
    }

    static CertificateFiles files(Path directory, Certificate certificate) {
        String name = hash(certificate);
        return new CertificateFiles(directory.resolve(name + ".crt"), directory.resolve(name + ".key"));
    }

    CertificateFiles write(Certificate certificate) {
        CertificateFiles files = files(directory, certificate);
        PrivateFiles.write(files.chain(), certificate.chain());
        PrivateFiles.write(files.key(), certificate.key());
        return files;
    }

    /** Why nginx cannot use a certificate, in its own words, as far as that is known. */
    Optional<String> fault(Certificate certificate) {
        return Optional.ofNullable(faults.get(certificate));
    }

    /**
     * Remembers that nginx has refused a configuration because of a certificate in it, if that was the reason.
     *
     * @param used all that are in the configuration
     * @param complaint what nginx said; it names the file
     */
    boolean blame(Collection<Certificate> used, String complaint) {
        Optional<Certificate> blamed = used.stream()
                .filter(certificate -> !faults.containsKey(certificate) && complaint.contains(hash(certificate)))
                .findFirst();
        blamed.ifPresent(certificate -> faults.put(certificate, complaint));
        return blamed.isPresent();
    }

    /** Forgets and deletes all others. */
    void keep(Collection<Certificate> used) {
        faults.keySet().retainAll(Set.copyOf(used));
        Set<String> names = used.stream().map(CertificateStore::hash).collect(Collectors.toSet());
        try (DirectoryStream<Path> all = Files.newDirectoryStream(directory)) {
            for (Path file : all) {
                String name = file.getFileName().toString();
                if (!names.contains(name.substring(0, Math.max(0, name.lastIndexOf('.'))))) {
                    Files.deleteIfExists(file);
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String hash(Certificate certificate) {
        try {
            MessageDigest sha256 = MessageDigest.getInstance("SHA-256");
            sha256.update(certificate.chain().getBytes(UTF_8));
            sha256.update((byte) 0);
            sha256.update(certificate.key().getBytes(UTF_8));
            return HexFormat.of().formatHex(sha256.digest(), 0, 16);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
