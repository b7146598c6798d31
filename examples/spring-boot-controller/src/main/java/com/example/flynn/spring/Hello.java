package com.example.flynn.spring;

import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;

/** A resource of the application, in the same Jersey as Flynn's API; Jersey's own JSON writes it. */
@Path("hello")
public class Hello {

    public record Greeting(String text) {}

    @GET
    @Produces("application/json")
    public Greeting greet() {
        return new Greeting("hello");
    }
}
