package dev.flynn.tck.resource;

import dev.flynn.api.error.FlynnException;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** A service with stores that hold one value each, and users, each with a password and the store of the same name. */
class ReferenceService {

    final Map<String, Optional<String>> stores = new HashMap<>();
    final Map<String, String> passwords = new HashMap<>();
    boolean away;
    boolean refusesUsers;

    synchronized void requireThere() {
        if (away) {
            throw FlynnException.unavailable("the service is away", null);
        }
    }

    synchronized void createStore(String name) {
        requireThere();
        stores.putIfAbsent(name, Optional.empty());
    }

    synchronized void createUser(String name, String password) {
        requireThere();
        if (refusesUsers) {
            throw FlynnException.unavailable("no users can be created now", null);
        }
        passwords.putIfAbsent(name, password);
    }

    synchronized void dropStore(String name) {
        requireThere();
        stores.remove(name);
    }

    synchronized void dropUser(String name) {
        requireThere();
        passwords.remove(name);
    }

    synchronized Set<String> existing() {
        Set<String> all = new HashSet<>();
        stores.keySet().forEach(name -> all.add("store " + name));
        passwords.keySet().forEach(name -> all.add("user " + name));
        return all;
    }

    private synchronized void requireAccess(String name, String password) {
        if (!password.equals(passwords.get(name)) || !stores.containsKey(name)) {
            throw new IllegalStateException("access denied to " + name);
        }
    }

    ResourceClient connect(String name, String password) {
        requireAccess(name, password);
        return new ResourceClient() {
            @Override
            public void write(String value) {
                synchronized (ReferenceService.this) {
                    requireAccess(name, password);
                    stores.put(name, Optional.of(value));
                }
            }

            @Override
            public Optional<String> read() {
                synchronized (ReferenceService.this) {
                    requireAccess(name, password);
                    return stores.get(name);
                }
            }

            @Override
            public void close() {}
        };
    }
}
