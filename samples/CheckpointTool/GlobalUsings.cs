global using UNetFamily;
