package dev.flynn.acme;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.flynn.api.certificate.AcmeSettings;
import dev.flynn.base.SealingKey;
import dev.flynn.spi.store.Transaction;
import dev.flynn.state.Table;
import dev.flynn.state.Versioned;
import dev.flynn.state.acme.AcmeAccount;
import dev.flynn.state.acme.AcmeState;
import java.net.MalformedURLException;
import java.net.URI;
import java.net.URL;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.Optional;
import org.shredzone.acme4j.AccountBuilder;
import org.shredzone.acme4j.Login;
import org.shredzone.acme4j.Session;
import org.shredzone.acme4j.exception.AcmeException;

/**
 * The cluster's account with each authority. Its key is kept before the authority hears of it, so that nobody who dies in
 * between leaves one that nobody can use. Not thread-safe.
 */
final class Accounts {

    private static final int ID_DIGITS = 32;

    private final Table<AcmeAccount> accounts;
    private final SealingKey sealingKey;
    private final Lease lease;

    Accounts(AcmeState state, SealingKey sealingKey, Lease lease) {
        this.accounts = state.accounts();
        this.sealingKey = sealingKey;
        this.lease = lease;
    }

    /** With the account that is there, or a new one if there is none, or none that can be used with this sealing key. */
    Login login(Session session, AcmeSettings settings) throws AcmeException {
        String id = id(settings.directory());
        AcmeAccount account = accounts.find(id)
                .map(Versioned::value)
                .filter(known -> sealingKey.opens(accounts.key(id), known.sealedKeys()))
                .orElseGet(() -> create(id, settings));
        KeyPair keys = Keys.parse(sealingKey.open(accounts.key(id), account.sealedKeys()));
        if (account.location().isPresent()) {
            return session.login(url(account.location().get()), keys);
        }
        AccountBuilder builder = new AccountBuilder().agreeToTermsOfService().useKeyPair(keys);
        settings.email().ifPresent(builder::addEmail);
        Login login = builder.createLogin(session);
        put(
                id,
                new AcmeAccount(
                        account.directory(),
                        account.sealedKeys(),
                        Optional.of(login.getAccountLocation().toString())));
        return login;
    }

    /** The authority does not know the account any more; the next login registers the same key again. */
    void forget(AcmeSettings settings) {
        String id = id(settings.directory());
        accounts.find(id)
                .map(Versioned::value)
                .ifPresent(account ->
                        put(id, new AcmeAccount(account.directory(), account.sealedKeys(), Optional.empty())));
    }

    private AcmeAccount create(String id, AcmeSettings settings) {
        String keys = sealingKey.seal(accounts.key(id), Keys.text(Keys.create()));
        var account = new AcmeAccount(settings.directory(), keys, Optional.empty());
        put(id, account);
        return account;
    }

    private void put(String id, AcmeAccount account) {
        Transaction.Builder transaction = Transaction.builder();
        accounts.find(id)
                .ifPresentOrElse(
                        read -> accounts.replace(transaction, read, account),
                        () -> accounts.create(transaction, id, account));
        lease.commit(transaction);
    }

    /** So that a cluster may go to another authority and back. */
    private static String id(String directory) {
        try {
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(directory.getBytes(UTF_8));
            return HexFormat.of().formatHex(hash).substring(0, ID_DIGITS);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }

    static URL url(String text) {
        try {
            return URI.create(text).toURL();
        } catch (MalformedURLException e) {
            throw new IllegalStateException("what the authority said before is no URL: " + text, e);
        }
    }
}
